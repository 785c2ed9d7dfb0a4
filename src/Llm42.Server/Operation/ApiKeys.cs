using System.Security.Cryptography;
using System.Text;
using Llm42.Server.Http;
using Microsoft.AspNetCore.Http;

namespace Llm42.Server.Operation;

/// <summary>Lets those in who bear a key. How long the comparison takes says nothing of the keys.</summary>
internal sealed class ApiKeys
{
    private const string Scheme = "Bearer ";

    private readonly byte[][] _digests;

    public ApiKeys(IReadOnlyList<string> keys) => _digests = [.. keys.Select(Digest)];

    /// <summary>The number of the key that a request bears, or -1 where none is asked for.</summary>
    /// <exception cref="ApiException">It bears none of them.</exception>
    public int Check(HttpContext context)
    {
        if (_digests.Length == 0)
            return -1;
        var header = context.Request.Headers.Authorization.ToString();
        var given = Digest(header.StartsWith(Scheme, StringComparison.OrdinalIgnoreCase) ? header[Scheme.Length..].Trim() : "");
        var found = -1;
        for (var i = 0; i < _digests.Length; i++)
        {
            if (CryptographicOperations.FixedTimeEquals(_digests[i], given))
                found = i;
        }
        if (found >= 0)
            return found;
        context.Response.Headers.WWWAuthenticate = "Bearer";
        throw new ApiException(
            StatusCodes.Status401Unauthorized,
            "invalid_request_error",
            header.Length == 0
                ? "No API key was given; send it in the header Authorization: Bearer KEY."
                : "The API key is not one of this server's.",
            code: "invalid_api_key");
    }

    // Digests are of one length, so that not even the length of a key shows.
    private static byte[] Digest(string key) => SHA256.HashData(Encoding.UTF8.GetBytes(key));
}
