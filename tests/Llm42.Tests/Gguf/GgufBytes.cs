using System.Text;

namespace Llm42.Tests.Gguf;

/// <summary>Writes GGUF files, well-formed unless asked otherwise.</summary>
internal sealed class GgufBytes
{
    public const int F32 = 0;
    public const int F16 = 1;
    public const int Q8_0 = 8;
    public const int BF16 = 30;

    private readonly List<(string Key, object Value)> _values = [];
    private readonly List<(string Name, long[] Shape, int Type, byte[] Data)> _tensors = [];

    public uint Version { get; init; } = 3;

    public int Alignment { get; init; } = 32;

    /// <summary>Adds a metadata value; its type is that of the object.</summary>
    public GgufBytes Add(string key, object value)
    {
        _values.Add((key, value));
        return this;
    }

    /// <summary>Replaces a metadata value; null removes it.</summary>
    public GgufBytes Set(string key, object? value)
    {
        _values.RemoveAll(entry => entry.Key == key);
        return value is null ? this : Add(key, value);
    }

    /// <summary>Adds a tensor; the shape is outermost first.</summary>
    public GgufBytes Add(string name, long[] shape, int type, byte[] data)
    {
        _tensors.Add((name, shape, type, data));
        return this;
    }

    /// <summary>The tensors of another file, none of its values.</summary>
    public GgufBytes AddTensorsOf(GgufBytes other, Func<int, bool> which)
    {
        _tensors.AddRange(other._tensors.Where((_, i) => which(i)));
        return this;
    }

    /// <summary>Drops the tensors that are not wanted.</summary>
    public GgufBytes KeepTensors(Func<int, bool> which)
    {
        var kept = _tensors.Where((_, i) => which(i)).ToList();
        _tensors.Clear();
        _tensors.AddRange(kept);
        return this;
    }

    public int TensorCount => _tensors.Count;

    public byte[] ToArray()
    {
        using var stream = new MemoryStream();
        using var writer = new BinaryWriter(stream);
        writer.Write("GGUF"u8);
        writer.Write(Version);
        writer.Write((ulong)_tensors.Count);
        writer.Write((ulong)_values.Count);
        foreach (var (key, value) in _values)
        {
            WriteText(writer, key);
            writer.Write(TypeOf(value));
            WriteValue(writer, value);
        }

        long offset = 0;
        foreach (var (name, shape, type, data) in _tensors)
        {
            WriteText(writer, name);
            writer.Write(shape.Length);
            foreach (var extent in shape.Reverse())
                writer.Write(extent);
            writer.Write(type);
            writer.Write(offset);
            offset = Align(offset + data.Length);
        }
        Pad(writer);
        foreach (var tensor in _tensors)
        {
            writer.Write(tensor.Data);
            Pad(writer);
        }
        return stream.ToArray();
    }

    private long Align(long offset) => (offset + Alignment - 1) / Alignment * Alignment;

    private void Pad(BinaryWriter writer)
    {
        writer.Flush();
        writer.Write(new byte[Align(writer.BaseStream.Position) - writer.BaseStream.Position]);
    }

    private static void WriteText(BinaryWriter writer, string text)
    {
        var bytes = Encoding.UTF8.GetBytes(text);
        writer.Write((ulong)bytes.Length);
        writer.Write(bytes);
    }

    private static int TypeOf(object value) => value switch
    {
        byte => 0, sbyte => 1, ushort => 2, short => 3, uint => 4, int => 5, float => 6, bool => 7, string => 8,
        Array => 9, ulong => 10, long => 11, double => 12,
        _ => throw new ArgumentException($"{value.GetType()} has no type in GGUF."),
    };

    private static void WriteValue(BinaryWriter writer, object value)
    {
        switch (value)
        {
            case byte v: writer.Write(v); break;
            case sbyte v: writer.Write(v); break;
            case ushort v: writer.Write(v); break;
            case short v: writer.Write(v); break;
            case uint v: writer.Write(v); break;
            case int v: writer.Write(v); break;
            case float v: writer.Write(v); break;
            case bool v: writer.Write(v); break;
            case string v: WriteText(writer, v); break;
            case ulong v: writer.Write(v); break;
            case long v: writer.Write(v); break;
            case double v: writer.Write(v); break;
            case Array array:
                writer.Write(array.GetType().GetElementType()! is var type && type == typeof(string) ? 8 : TypeOf(Activator.CreateInstance(type)!));
                writer.Write((ulong)array.Length);
                foreach (var item in array)
                    WriteValue(writer, item);
                break;
        }
    }
}
