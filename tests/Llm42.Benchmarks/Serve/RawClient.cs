using System.Diagnostics;
using System.Net.Sockets;
using System.Text;

namespace Llm42.Benchmarks.Serve;

/// <summary>A client that does as little as can be, since it runs beside the server: it looks for the end of the response.</summary>
internal sealed class RawClient : IDisposable
{
    private static readonly byte[] End = "\r\n0\r\n\r\n"u8.ToArray();

    private readonly Socket _socket = new(SocketType.Stream, ProtocolType.Tcp) { NoDelay = true };
    private readonly byte[] _buffer = new byte[16 << 10];
    private int _held;
    private bool _hasBegun;

    public RawClient(Uri address) => _socket.Connect(address.Host, address.Port);

    public static byte[] Request(int[] prompt, int tokens, bool isStreamed)
    {
        string body = $$"""
            {"model":"bench","prompt":[{{string.Join(',', prompt)}}],"max_tokens":{{tokens}},"temperature":0,"ignore_eos":true,"stream":{{(isStreamed ? "true" : "false")}}}
            """;
        return Encoding.ASCII.GetBytes(
            $"POST /v1/completions HTTP/1.1\r\nHost: bench\r\nContent-Type: application/json\r\nContent-Length: {body.Length}\r\n\r\n{body}");
    }

    /// <summary>Sends a request.</summary>
    public void Send(byte[] request)
    {
        _held = 0;
        _hasBegun = false;
        _socket.Send(request);
    }

    /// <summary>Reads what is there, without waiting; true when the response has ended.</summary>
    public bool HasAnswer()
    {
        while (_socket.Available > 0)
        {
            if (Take(_socket.Receive(_buffer.AsSpan(_held))))
                return true;
        }

        return false;
    }

    /// <summary>Sends a request and reads its response.</summary>
    /// <returns>When its first bytes came.</returns>
    public async Task<long> AnswerAsync(byte[] request)
    {
        Send(request);
        long first = 0;
        for (bool hasEnded = false; !hasEnded;)
        {
            int read = await _socket.ReceiveAsync(_buffer.AsMemory(_held)).ConfigureAwait(false);
            if (first == 0)
                first = Stopwatch.GetTimestamp();
            hasEnded = Take(read);
        }

        return first;
    }

    public void Dispose() => _socket.Dispose();

    private bool Take(int read)
    {
        if (read == 0)
            throw new IOException("The server closed the connection.");
        if (!_hasBegun && !_buffer.AsSpan(0, read).StartsWith("HTTP/1.1 200"u8))
            throw new IOException(Encoding.UTF8.GetString(_buffer, 0, read));
        _hasBegun = true;
        _held += read;
        if (_buffer.AsSpan(0, _held).EndsWith(End))
            return true;

        // The last bytes are enough to find the end.
        int kept = Math.Min(_held, End.Length);
        _buffer.AsSpan(_held - kept, kept).CopyTo(_buffer);
        _held = kept;
        return false;
    }
}
