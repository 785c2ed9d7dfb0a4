using System.Buffers;
using System.Text;

namespace Llm42.Cli.Remote;

/// <summary>
/// Takes a stream of server-sent events apart, however it is cut into chunks: lines end in LF, CR or CRLF, comments and
/// unknown fields are passed over, and an event counts once the empty line behind it is there.
/// </summary>
internal sealed class SseParser
{
    /// <summary>Most bytes of an event; a server that sends more is not one to wait for.</summary>
    public const int MaxEventBytes = 16 << 20;

    private readonly ArrayBufferWriter<byte> _line = new();
    private readonly ArrayBufferWriter<byte> _data = new();
    private string _type = "";
    private bool _hasData;
    private bool _isBehindReturn;
    private bool _isFirstLine = true;

    /// <summary>Takes the next bytes, and adds the events that they complete.</summary>
    /// <exception cref="RemoteException">An event is too long.</exception>
    public void Feed(ReadOnlySpan<byte> bytes, ICollection<SseEvent> events)
    {
        while (bytes.Length > 0)
        {
            if (_isBehindReturn)
            {
                _isBehindReturn = false;
                if (bytes[0] == '\n')
                {
                    bytes = bytes[1..];
                    continue;
                }
            }

            int end = bytes.IndexOfAny((byte)'\n', (byte)'\r');
            ReadOnlySpan<byte> part = end < 0 ? bytes : bytes[..end];
            if ((long)_line.WrittenCount + _data.WrittenCount + part.Length > MaxEventBytes)
                throw new RemoteException(RemoteError.Malformed($"an event of the stream is longer than {MaxEventBytes} bytes"));
            _line.Write(part);
            if (end < 0)
                return;
            _isBehindReturn = bytes[end] == '\r';
            bytes = bytes[(end + 1)..];
            EndLine(events);
        }
    }

    private void EndLine(ICollection<SseEvent> events)
    {
        ReadOnlySpan<byte> line = _line.WrittenSpan;
        if (_isFirstLine && line.StartsWith("\uFEFF"u8))
            line = line[3..];
        _isFirstLine = false;
        if (line.IsEmpty)
            EndEvent(events);
        else
            ReadField(line);
        _line.ResetWrittenCount();
    }

    private void ReadField(ReadOnlySpan<byte> line)
    {
        int colon = line.IndexOf((byte)':');
        ReadOnlySpan<byte> name = colon < 0 ? line : line[..colon];
        ReadOnlySpan<byte> value = colon < 0 ? [] : line[(colon + 1)..];
        if (value is [(byte)' ', ..])
            value = value[1..];
        if (name.SequenceEqual("data"u8))
        {
            if (_hasData)
                _data.Write("\n"u8);
            _hasData = true;
            _data.Write(value);
        }
        else if (name.SequenceEqual("event"u8))
        {
            _type = Encoding.UTF8.GetString(value);
        }
    }

    private void EndEvent(ICollection<SseEvent> events)
    {
        if (_hasData)
            events.Add(new SseEvent(_type.Length == 0 ? "message" : _type, Encoding.UTF8.GetString(_data.WrittenSpan)));
        _data.ResetWrittenCount();
        _hasData = false;
        _type = "";
    }
}
