using System.Buffers.Binary;
using System.Text;
using Llm42.Weights;

namespace Llm42.Gguf;

/// <summary>
/// Reads a GGUF file from front to back. Nothing in it is trusted: each length is checked against what the file has
/// left before anything is allocated or read.
/// </summary>
internal sealed class GgufCursor
{
    /// <summary>Most bytes of metadata and tensor descriptions that are read; real files stay far below.</summary>
    public const long MaxHead = 128L << 20;

    private const int BufferSize = 1 << 16;

    private static readonly UTF8Encoding StrictUtf8 = new(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true);

    private readonly MappedFile _file;
    private readonly long _end;
    private readonly byte[] _buffer;
    private long _bufferStart;
    private int _bufferLength;

    public GgufCursor(MappedFile file, long offset = 0)
    {
        _file = file;
        _end = Math.Min(file.Length, MaxHead);
        _buffer = new byte[Math.Min(BufferSize, _end)];
        Position = offset;
    }

    /// <summary>Where the next byte is read.</summary>
    public long Position { get; private set; }

    /// <summary>Bytes that may follow.</summary>
    public long Remaining => _end - Position;

    public uint UInt32(string what) => BinaryPrimitives.ReadUInt32LittleEndian(Take(sizeof(uint), what));

    public ulong UInt64(string what) => BinaryPrimitives.ReadUInt64LittleEndian(Take(sizeof(ulong), what));

    /// <summary>A number of things, each of which takes at least so many bytes of what follows.</summary>
    public int Count(string what, int minimumSize, int limit)
    {
        var count = UInt64(what);
        if (count > (ulong)limit)
            throw Error($"{what} is {count}; at most {limit} are read.");
        if ((long)count > Remaining / minimumSize)
            throw Error($"{what} is {count}, but only {Remaining} bytes follow: truncated file?");
        return (int)count;
    }

    /// <summary>A length in front of UTF-8 text.</summary>
    public string Text(string what, int limit)
    {
        var length = TextLength(what, limit);
        var start = Position;
        try
        {
            return StrictUtf8.GetString(Take(length, what));
        }
        catch (DecoderFallbackException error)
        {
            throw new ModelFormatException(_file.Path, $"{what}, at byte {start}, is not valid UTF-8.", error);
        }
    }

    /// <summary>Passes over a text.</summary>
    public void SkipText(string what, int limit) => Skip(TextLength(what, limit));

    /// <summary>Passes over bytes, which the caller has checked to be there.</summary>
    public void Skip(long count) => Position += count;

    /// <summary>A metadata value of a type that is not an array.</summary>
    public object Scalar(GgufValueType type, string what, int textLimit) => type switch
    {
        GgufValueType.UInt8 => (Int128)Take(1, what)[0],
        GgufValueType.Int8 => (Int128)(sbyte)Take(1, what)[0],
        GgufValueType.UInt16 => (Int128)BinaryPrimitives.ReadUInt16LittleEndian(Take(2, what)),
        GgufValueType.Int16 => (Int128)BinaryPrimitives.ReadInt16LittleEndian(Take(2, what)),
        GgufValueType.UInt32 => (Int128)UInt32(what),
        GgufValueType.Int32 => (Int128)(int)UInt32(what),
        GgufValueType.UInt64 => (Int128)UInt64(what),
        GgufValueType.Int64 => (Int128)(long)UInt64(what),
        GgufValueType.Float32 => BinaryPrimitives.ReadSingleLittleEndian(Take(4, what)),
        GgufValueType.Float64 => BinaryPrimitives.ReadDoubleLittleEndian(Take(8, what)),
        GgufValueType.Bool => Bool(what),
        GgufValueType.String => Text(what, textLimit),
        _ => throw new ArgumentOutOfRangeException(nameof(type), type, "is not a scalar"),
    };

    /// <summary>The error of what stands in front of the cursor.</summary>
    public ModelFormatException Error(string problem) => new(_file.Path, $"{problem} (at byte {Position})");

    private bool Bool(string what)
    {
        var value = Take(1, what)[0];
        return value <= 1 ? value == 1 : throw Error($"{what} is a bool of value {value}; it must be 0 or 1.");
    }

    private int TextLength(string what, int limit)
    {
        var length = UInt64($"the length of {what}");
        if (length > (ulong)limit)
            throw Error($"{what} has {length} bytes; at most {limit} are read.");
        if ((long)length > Remaining)
            throw Error($"{what} has {length} bytes, but only {Remaining} follow: truncated file?");
        return (int)length;
    }

    // What it returns is valid until the next call.
    private ReadOnlySpan<byte> Take(int count, string what)
    {
        if (count > Remaining)
            throw Error(
                _end == _file.Length
                    ? $"the file ends in {what}: truncated file?"
                    : $"{what} lies behind the first {MaxHead} bytes; metadata are read up to there.");
        if (count > _buffer.Length)
        {
            var bytes = new byte[count];
            _file.Read(Position, bytes);
            Position += count;
            return bytes;
        }

        if (Position < _bufferStart || Position + count > _bufferStart + _bufferLength)
        {
            _bufferStart = Position;
            _bufferLength = (int)Math.Min(_buffer.Length, Remaining);
            _file.Read(_bufferStart, _buffer.AsSpan(0, _bufferLength));
        }
        var start = (int)(Position - _bufferStart);
        Position += count;
        return _buffer.AsSpan(start, count);
    }
}
