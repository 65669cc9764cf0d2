using Gpu.Cli;

return App.Run(args, CliHost.ForProcess());
