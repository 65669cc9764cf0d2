using System.CommandLine;
using System.Net;
using System.Security.Cryptography;
using Gpu.Cli.Output;
using Gpu.Cli.Parsing;
using Gpu.Cli.Serving;
using Gpu.Training.Runs;
using Command = System.CommandLine.Command;

namespace Gpu.Cli.Commands;

/// <summary><c>serve [RUNS-FOLDER]</c>: serves pages that list, follow and compare runs and classify images.</summary>
internal sealed class ServeCommand
{
    private const int StandardPort = 8123;
    private const int ShortestToken = 8;
    private const int TokenBytes = 18;

    private readonly CommandContext _context;
    private readonly DeviceOptions _device = new();
    private readonly Argument<string?> _folder = new("RUNS-FOLDER")
    {
        Description = "Folder that contains the run folders (default: runs)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<long?> _port = Options.Integer("--port", "Port to listen on; 0 for a free one", 0, 65_535, $"{StandardPort}");

    private readonly Option<IPAddress?> _host = Options.Checked(
        "--host", "ADDRESS", "IP address to listen on; one that other machines reach, such as 0.0.0.0, needs the token", "127.0.0.1", IPAddress? (text) =>
            // A number alone would be an address, too.
            text.AsSpan().IndexOfAny('.', ':') >= 0 && IPAddress.TryParse(text, out var address) ? address
            : text == "localhost" ? IPAddress.Loopback
            : throw new FormatException($"expected an IP address such as 127.0.0.1 or 0.0.0.0, but got '{text}'."));

    private readonly Option<string?> _token = Options.Checked(
        "--token", "TEXT", $"Text that requests must show, {ShortestToken} characters or more", "none on 127.0.0.1, else a random one", string? (text) =>
            text.Length >= ShortestToken && text.All(letter => char.IsAsciiLetterOrDigit(letter) || letter is '-' or '_' or '.' or '~') ? text
            : throw new FormatException($"expected {ShortestToken} or more letters, digits, '-', '_', '.' or '~', but got {text.Length} characters."));

    private ServeCommand(CommandContext context) => _context = context;

    /// <summary>Adds arguments, options and action.</summary>
    public static void Build(Command command, CommandContext context)
    {
        var serve = new ServeCommand(context);
        command.Arguments.Add(serve._folder);
        command.Options.Add(serve._port);
        command.Options.Add(serve._host);
        command.Options.Add(serve._token);
        serve._device.AddTo(command);
        command.SetAction(serve.Run);
    }

    private int Run(ParseResult parsed)
    {
        var cancellation = _context.Host.Cancellation;
        var folder = parsed.GetValue(_folder) ?? "runs";
        if (!Directory.Exists(folder))
            throw new UsageException($"There is no folder '{folder}'. Give the folder that contains the run folders, such as runs.");
        if (File.Exists(Path.Combine(folder, RunFolder.ConfigurationFile)) && File.Exists(Path.Combine(folder, RunFolder.ModelFile)))
        {
            var parent = Path.GetDirectoryName(Path.GetFullPath(folder));
            throw new UsageException($"'{folder}' is a run itself. Give the folder that contains the run folders: '{parent}'.");
        }

        var address = parsed.GetValue(_host) ?? IPAddress.Loopback;
        var token = parsed.GetValue(_token);
        if (token is null && !IPAddress.IsLoopback(address))
            token = Convert.ToBase64String(RandomNumberGenerator.GetBytes(TokenBytes)).Replace('+', '-').Replace('/', '_');
        var settings = new ServeSettings { Root = folder, Address = address, Port = parsed.GetInt(_port) ?? StandardPort, Token = token };
        using var device = _device.Open(parsed, _context);
        Serve(settings, device, cancellation).GetAwaiter().GetResult();
        return ExitCode.Cancelled;
    }

    private static bool IsAny(IPAddress address) => address.Equals(IPAddress.Any) || address.Equals(IPAddress.IPv6Any);

    // A server listens on all addresses at 0.0.0.0, which no browser opens.
    private static Uri Reachable(IPAddress listening, Uri address, string host) =>
        IsAny(listening) ? new UriBuilder(address) { Host = host }.Uri : address;

    private async Task Serve(ServeSettings settings, Gpu.Kernels.Devices.ComputeDevice device, CancellationToken cancellation)
    {
        await using var server = await RunServer.Start(settings, device);
        var query = settings.Token is { } token ? $"?token={token}" : "";
        var address = Reachable(settings.Address, server.Address, "127.0.0.1");
        _context.Reporter.Line($"Serving the runs in {settings.Root} at {address}{query} (Ctrl+C ends)");
        if (IsAny(settings.Address)) _context.Reporter.Line($"From other machines: {Reachable(settings.Address, server.Address, Dns.GetHostName())}{query}");
        if (!IPAddress.IsLoopback(settings.Address))
            _context.Reporter.Warn("Other machines can reach this server, and the connection is not encrypted. Share the token only with those you trust.");
        _context.Reporter.Result(new JsonRecord().Add("address", $"{address}").Add("token", settings.Token));
        _context.Host.Output.Flush();
        try
        {
            await Task.Delay(Timeout.Infinite, cancellation);
        }
        catch (OperationCanceledException)
        {
        }
    }
}
