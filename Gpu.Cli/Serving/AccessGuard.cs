using System.Net;
using System.Security.Cryptography;
using System.Text;
using Microsoft.AspNetCore.Http;

namespace Gpu.Cli.Serving;

/// <summary>
/// Decides which requests are answered. With a token, a request shows it as <c>Authorization: Bearer</c>, in the address (<c>?token=</c>, which sets a cookie)
/// or as that cookie. Without one, only names of this machine are answered, so that no web page can reach the server through a name of its own (DNS rebinding).
/// </summary>
/// <param name="token">the token; null for none</param>
/// <param name="isLoopback">whether the server listens on a loopback address</param>
internal sealed class AccessGuard(string? token, bool isLoopback)
{
    private const string Cookie = "gputrainer-token";
    private const string Parameter = "token";
    private const string Scheme = "Bearer ";

    private readonly byte[]? _hash = token is null ? null : Hash(token);

    /// <summary>Lets a request pass, sends it to the address without the token, or fails.</summary>
    /// <param name="context">the request</param>
    /// <param name="next">answers it</param>
    /// <exception cref="RequestException">the request is refused</exception>
    public async Task Run(HttpContext context, Func<Task> next)
    {
        var request = context.Request;
        if (isLoopback && !IsLocal(request.Host.Host))
            throw new RequestException(403, $"The server answers to localhost only, not to '{request.Host.Host}'. Open it as http://localhost.");
        // A page of another site may send forms here; browsers say where they come from.
        if (HttpMethods.IsPost(request.Method) && request.Headers.Origin.ToString() is { Length: > 0 } origin
            && (!Uri.TryCreate(origin, UriKind.Absolute, out var from) || from.Authority != request.Host.Value))
        {
            throw new RequestException(403, "The request comes from a page of another site. Send it from a page of this server.");
        }

        if (_hash is null || Matches(Bearer(request)) || Matches(request.Cookies[Cookie]))
        {
            await next();
            return;
        }

        if (!Matches(request.Query[Parameter]))
        {
            throw new RequestException(
                401, "The token is missing or wrong. Open the address with ?token=TOKEN as 'gputrainer serve' printed it, or send the header "
                + "'Authorization: Bearer TOKEN'.");
        }

        if (!HttpMethods.IsGet(request.Method))
        {
            await next();
            return;
        }

        // The address of the page must not keep the token.
        context.Response.Cookies.Append(Cookie, token!, new CookieOptions { HttpOnly = true, SameSite = SameSiteMode.Strict, IsEssential = true });
        var rest = request.Query.Where(one => one.Key != Parameter).SelectMany(one => one.Value, (one, value) => KeyValuePair.Create(one.Key, value));
        context.Response.Redirect($"{request.Path.ToUriComponent()}{QueryString.Create(rest)}");
    }

    private static bool IsLocal(string host) =>
        host is "localhost" || (IPAddress.TryParse(host.Trim('[', ']'), out var address) && IPAddress.IsLoopback(address));

    private static string? Bearer(HttpRequest request) =>
        request.Headers.Authorization.ToString() is var text && text.StartsWith(Scheme, StringComparison.Ordinal) ? text[Scheme.Length..] : null;

    // Hashes have one length, so the time of the comparison tells nothing of the token.
    private bool Matches(string? shown) => shown is not null && CryptographicOperations.FixedTimeEquals(Hash(shown), _hash);

    private static byte[] Hash(string text) => SHA256.HashData(Encoding.UTF8.GetBytes(text));
}
