using System.Net;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Configuration;

namespace Llm42.Server;

/// <summary>Decides what a server may listen on.</summary>
internal static class ListenAddress
{
    /// <summary>The address of the options, if it is safe.</summary>
    /// <exception cref="ArgumentException">It is none, or open to others without a key.</exception>
    public static IPAddress Resolve(ServerOptions options)
    {
        if (options.Port is < 0 or > 65535)
            throw new ArgumentException($"Port is {options.Port}; it must be 0 (any that is free) to 65535.");
        var address = options.Host == "localhost" ? IPAddress.Loopback
            : IPAddress.TryParse(options.Host, out var parsed) ? parsed
            : throw new ArgumentException($"Host is \"{options.Host}\"; it must be an IP address or localhost.");
        Check(IPAddress.IsLoopback(address), $"Host is {options.Host}", options);
        return address;
    }

    /// <summary>Checks the endpoints of Kestrel's own configuration.</summary>
    /// <returns>There are some: they take the place of host and port.</returns>
    /// <exception cref="ArgumentException">One has no address, or is open to others without a key.</exception>
    public static bool CheckEndpoints(IConfigurationSection kestrel, ServerOptions options)
    {
        var endpoints = kestrel.GetSection("Endpoints").GetChildren().ToArray();
        foreach (var endpoint in endpoints)
        {
            var url = endpoint["Url"] ?? throw new ArgumentException($"{endpoint.Path}:Url is missing; give an address such as https://127.0.0.1:30000.");
            BindingAddress address;
            try
            {
                address = BindingAddress.Parse(url);
            }
            catch (FormatException error)
            {
                throw new ArgumentException($"{endpoint.Path}:Url is \"{url}\"; it must be an address such as https://127.0.0.1:30000.", error);
            }
            var isLoopback = address.IsUnixPipe || address.Host == "localhost"
                || (IPAddress.TryParse(address.Host, out var ip) && IPAddress.IsLoopback(ip));
            Check(isLoopback, $"{endpoint.Path}:Url is {url}", options);
        }
        return endpoints.Length > 0;
    }

    private static void Check(bool isLoopback, string what, ServerOptions options)
    {
        if (!isLoopback && options.ApiKeys.Count == 0 && !options.IsInsecure)
            throw new ArgumentException(
                $"{what}, which other machines can reach, and there is no API key. Give one (--api-key-file, LLM42_API_KEY), "
                + "or say --insecure if everybody may use this server.");
    }
}
