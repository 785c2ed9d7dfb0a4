using Llm42.Cli.Options;

namespace Llm42.Cli.Remote;

/// <summary>Where a server with OpenAI's API is.</summary>
/// <param name="Api">Where models, completions and chat/completions are; ends in a slash.</param>
/// <param name="Root">Where metrics and tokenize are, on servers that have them; ends in a slash.</param>
internal sealed record ServerAddress(Uri Api, Uri Root)
{
    /// <summary>Reads http://host:port, with or without /v1; another path is taken as it is.</summary>
    /// <exception cref="UsageException">It is no such address.</exception>
    public static ServerAddress Parse(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || uri.Scheme is not ("http" or "https") || uri.Host.Length == 0)
            throw new UsageException($"--base-url is '{text}'; it must be an address such as http://127.0.0.1:8000 or https://host/v1.");
        if (uri.UserInfo.Length > 0 || uri.Query.Length > 0 || uri.Fragment.Length > 0)
            throw new UsageException("--base-url must hold no user, query or fragment; a key comes from --api-key-file or the environment.");
        string path = uri.AbsolutePath.TrimEnd('/');
        string origin = uri.GetLeftPart(UriPartial.Authority);
        string root = path.EndsWith("/v1", StringComparison.Ordinal) ? path[..^3] : path;
        string api = path.Length == 0 ? "/v1" : path;
        return new ServerAddress(new Uri($"{origin}{api}/"), new Uri($"{origin}{root}/"));
    }

    public override string ToString() => Api.ToString();
}
