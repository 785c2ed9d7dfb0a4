using System.Net.Sockets;
using System.Diagnostics;
using System.Text;

namespace Llm42.Benchmarks.Serve;

/// <summary>A client that does as little as can be, since it runs beside the server: it looks for the end of the response.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly byte[] End = "\r\n0\r\n\r\n"u8.ToArray();

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[16 << 10];

    public RawClient(Uri address) => _socket.Connect(address.Host, address.Port);

    public static byte[] Request(int[] prompt, int tokens, bool isStreamed)
    {
        string body = $$"""
            {"model":"bench","prompt":[{{string.Join(',', prompt)}}],"max_tokens":{{tokens}},"temperature":0,"ignore_eos":true,"stream":{{(isStreamed ? "true" : "false")}}}
            """;
        return Encoding.ASCII.GetBytes(
            $"POST /v1/completions HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }

    /// <summary>Sends a request and reads its response.</summary>
    /// <returns>When its first bytes came.</returns>
    public async Task<long> AnswerAsync(byte[] request)
    {
        await _socket.SendAsync(request).ConfigureAwait(false);
        long first = 0;
        bool hasFailed = true;
        for (int held = 0; ;)
        {
            int read = await _socket.ReceiveAsync(_buffer.AsMemory(held)).ConfigureAwait(false);
            if (read == 0)
                throw new IOException("The server closed the connection.");
            if (first == 0)
            {
                first = Stopwatch.GetTimestamp();
                hasFailed = !_buffer.AsSpan(0, read).StartsWith("HTTP/1.1 200"u8);
            }

            held += read;
            if (_buffer.AsSpan(0, held).EndsWith(End))
                return hasFailed ? throw new IOException(Encoding.UTF8.GetString(_buffer, 0, held)) : first;

            // The last bytes are enough to find the end.
            int kept = Math.Min(held, End.Length);
            _buffer.AsSpan(held - kept, kept).CopyTo(_buffer);
            held = kept;
        }
    }

    public void Dispose() => _socket.Dispose();
}
