using System.Reflection;
using System.Security.Cryptography;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.HttpResults;
using Microsoft.Net.Http.Headers;

namespace Llm42.Server.Page;

/// <summary>A file of the web page. All of them lie in this assembly.</summary>
internal sealed class PageFile
{
    private const string Index = "index.html";

    // Nothing but the page's own files runs, and nothing but this server is asked.
    private const string ContentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
        + "base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'; trusted-types 'none'";

    private readonly byte[] _content;
    private readonly string _contentType;
    private readonly EntityTagHeaderValue _tag;

    private PageFile(string name, byte[] content)
    {
        Route = name == Index ? "/" : $"/page/{name}";
        _content = content;
        _contentType = ContentTypeOf(name);
        _tag = new EntityTagHeaderValue($"\"{Convert.ToHexStringLower(SHA256.HashData(content))}\"");
    }

    /// <summary>Its path on the server.</summary>
    public string Route { get; }

    /// <summary>All files of the page.</summary>
    public static IEnumerable<PageFile> ReadAll()
    {
        const string Prefix = "Web/";
        var assembly = typeof(PageFile).Assembly;
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
            yield return new PageFile(resource[Prefix.Length..], Read(assembly, resource));
    }

    /// <summary>The file, or that the client's copy is still the same.</summary>
    public FileContentHttpResult Serve(HttpContext context)
    {
        var headers = context.Response.Headers;
        headers.ContentSecurityPolicy = ContentSecurityPolicy;
        headers.XContentTypeOptions = "nosniff";
        headers["Referrer-Policy"] = "no-referrer";
        headers["Cross-Origin-Opener-Policy"] = "same-origin";

        // To be kept, but asked for each time: after an update no file meets another version's.
        headers.CacheControl = "no-cache";
        return TypedResults.Bytes(_content, _contentType, entityTag: _tag);
    }

    private static byte[] Read(Assembly assembly, string resource)
    {
        using var stream = assembly.GetManifestResourceStream(resource)!;
        var content = new byte[stream.Length];
        stream.ReadExactly(content);
        return content;
    }

    private static string ContentTypeOf(string name) => Path.GetExtension(name) switch
    {
        ".html" => "text/html; charset=utf-8",
        ".css" => "text/css; charset=utf-8",
        ".js" => "text/javascript; charset=utf-8",
        ".svg" => "image/svg+xml",
        var other => throw new InvalidOperationException($"{name}: no content type is known for {other}."),
    };
}
