using System.Buffers.Binary;
using System.Text.Json;

namespace Llm42.Weights;

/// <summary>
/// Reads and checks the header of a safetensors file: 8 bytes of length, then JSON, then the data. Nothing in it is
/// trusted: each size is checked before it is used.
/// </summary>
internal static class SafetensorsHeader
{
    /// <summary>Longest header read; the limit of the format's reference reader.</summary>
    public const long MaxLength = 100_000_000;

    private const int MaxDimensions = 8;
    private const string MetadataName = "__metadata__";

    /// <summary>The tensors of a file, in the order of their data.</summary>
    public static IReadOnlyList<Tensor> Read(MappedFile file)
    {
        var length = ReadLength(file);
        var text = new byte[length];
        file.Read(sizeof(long), text);

        var dataStart = sizeof(long) + length;
        var dataSize = file.Length - dataStart;
        var entries = new List<Entry>();
        var root = JsonText.ParseObject(file.Path, "the header", text);
        foreach (var (name, value) in JsonText.Members(file.Path, "the header", root))
        {
            if (name != MetadataName)
                entries.Add(ReadEntry(file.Path, name, value, dataSize));
        }

        entries.Sort((a, b) => (a.Begin, a.End).CompareTo((b.Begin, b.End)));
        CheckCoverage(file.Path, entries, dataSize);
        return [.. entries.Select(entry => new Tensor(
            entry.Name,
            entry.Dtype,
            entry.Shape,
            new MappedStorage(file, dataStart + entry.Begin, entry.End - entry.Begin)))];
    }

    private static int ReadLength(MappedFile file)
    {
        if (file.Length < sizeof(long))
            throw new ModelFormatException(
                file.Path, $"has {file.Length} bytes; a safetensors file begins with 8 bytes of header length.");
        Span<byte> bytes = stackalloc byte[sizeof(long)];
        file.Read(0, bytes);
        var length = BinaryPrimitives.ReadUInt64LittleEndian(bytes);
        if (length > MaxLength)
            throw new ModelFormatException(
                file.Path, $"the header length is {length} bytes; at most {MaxLength} are read.");
        if ((long)length > file.Length - sizeof(long))
            throw new ModelFormatException(
                file.Path,
                $"the header length is {length} bytes, but only {file.Length - sizeof(long)} follow: truncated file?");
        return (int)length;
    }

    private static Entry ReadEntry(string path, string name, JsonElement value, long dataSize)
    {
        var what = $"tensor \"{name}\"";
        JsonElement? dtype = null, shape = null, offsets = null;
        foreach (var (key, field) in JsonText.Members(path, what, value))
        {
            switch (key)
            {
                case "dtype": dtype = field; break;
                case "shape": shape = field; break;
                case "data_offsets": offsets = field; break;
                default: throw new ModelFormatException(path, $"{what} has an unknown field \"{key}\".");
            }
        }

        var type = ReadDtype(path, what, Require(path, what, "dtype", dtype));
        var extents = ReadIntegers(path, what, "shape", Require(path, what, "shape", shape), MaxDimensions);
        var size = SizeOf(path, what, type, extents);
        var range = ReadIntegers(path, what, "data_offsets", Require(path, what, "data_offsets", offsets), 2);
        if (range.Length != 2)
            throw new ModelFormatException(path, $"{what}: data_offsets must hold 2 numbers, found {range.Length}.");
        var (begin, end) = (range[0], range[1]);
        if (begin > end)
            throw new ModelFormatException(path, $"{what}: data_offsets begin at {begin}, behind their end {end}.");
        if (end > dataSize)
            throw new ModelFormatException(
                path, $"{what}: data_offsets end at {end}, but the file holds {dataSize} bytes of data: truncated file?");
        if (end - begin != size)
            throw new ModelFormatException(
                path,
                $"{what}: data_offsets span {end - begin} bytes, but {type.Name()} {Tensor.Format(extents)} takes {size}.");
        return new Entry(name, type, extents, begin, end);
    }

    private static JsonElement Require(string path, string what, string field, JsonElement? value) =>
        value ?? throw new ModelFormatException(path, $"{what} has no field \"{field}\".");

    private static TensorDtype ReadDtype(string path, string what, JsonElement value)
    {
        var name = JsonText.String(path, $"{what}: dtype", value);
        return TensorDtypes.TryParse(name, out var dtype)
            ? dtype
            : throw new ModelFormatException(
                path, $"{what}: dtype \"{JsonText.Shorten(name)}\" is unknown; known are {string.Join(", ", TensorDtypes.Names)}.");
    }

    private static long[] ReadIntegers(string path, string what, string field, JsonElement value, int limit)
    {
        if (value.ValueKind != JsonValueKind.Array)
            throw new ModelFormatException(path, $"{what}: {field} must be an array, found {JsonText.Shorten(value)}.");
        var count = value.GetArrayLength();
        if (count > limit)
            throw new ModelFormatException(path, $"{what}: {field} holds {count} numbers; at most {limit} are possible.");
        var numbers = new long[count];
        for (var i = 0; i < count; i++)
        {
            var item = value[i];
            if (item.ValueKind != JsonValueKind.Number || !item.TryGetInt64(out numbers[i]) || numbers[i] < 0)
                throw new ModelFormatException(
                    path,
                    $"{what}: {field}[{i}] must be an integer from 0 to {long.MaxValue}, found {JsonText.Shorten(item)}.");
        }
        return numbers;
    }

    private static long SizeOf(string path, string what, TensorDtype dtype, long[] shape)
    {
        try
        {
            long size = dtype.ElementSize();
            foreach (var extent in shape)
                size = checked(size * extent);
            return size;
        }
        catch (OverflowException error)
        {
            throw new ModelFormatException(
                path, $"{what}: shape {Tensor.Format(shape)} takes more than {long.MaxValue} bytes.", error);
        }
    }

    private static void CheckCoverage(string path, List<Entry> entries, long dataSize)
    {
        long end = 0;
        var before = "the start of the data";
        foreach (var entry in entries)
        {
            if (entry.Begin != end)
                throw new ModelFormatException(
                    path,
                    $"tensor \"{entry.Name}\" begins at {entry.Begin}, but {before} ends at {end}: "
                    + (entry.Begin < end ? "they overlap." : "there is a hole between them."));
            end = entry.End;
            before = $"tensor \"{entry.Name}\"";
        }
        if (end != dataSize)
            throw new ModelFormatException(
                path, $"the file holds {dataSize} bytes of data, but its tensors end at {end}.");
    }

    private readonly record struct Entry(string Name, TensorDtype Dtype, long[] Shape, long Begin, long End);
}
