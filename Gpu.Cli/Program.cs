using Gpu.Cli;

return App.Run(args, CliHost.OfProcess());
