using System.Net;

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
        if (!IPAddress.IsLoopback(address) && options.ApiKeys.Count == 0 && !options.IsInsecure)
            throw new ArgumentException(
                $"Host is {options.Host}, which other machines can reach, and there is no API key. Give one (--api-key-file, LLM42_API_KEY), "
                + "or say --insecure if everybody may use this server.");
        return address;
    }
}
