using System.Numerics;
using Llm42.Weights;

namespace Llm42.Gguf;

/// <summary>One GGUF file: its metadata, and where its tensors are. Versions 2 and 3, little-endian.</summary>
internal sealed class GgufFile : IDisposable
{
    public const string Extension = ".gguf";
    public const string AlignmentKey = "general.alignment";

    private const uint Magic = 0x46554747;
    private const int DefaultAlignment = 32;
    private const int MaxAlignment = 1 << 20;
    private const int MaxTensors = 1 << 20;
    private const int MaxValues = 1 << 16;
    private const int MaxElements = 1 << 22;
    private const int MaxDimensions = 4;
    private const int MaxNameLength = 1024;
    private const int MaxTextLength = 16 << 20;

    // A value takes at least a name's length, a type and a byte; a tensor two lengths, a type, an extent and an offset.
    private const int MinValueSize = 8 + 4 + 1;
    private const int MinTensorSize = 8 + 4 + 8 + 4 + 8;

    private GgufFile(MappedFile file, GgufMetadata metadata)
    {
        File = file;
        Metadata = metadata;
    }

    public string Path => File.Path;

    public GgufMetadata Metadata { get; }

    /// <summary>In the order of the file.</summary>
    public IReadOnlyList<GgufTensorInfo> Tensors { get; private set; } = [];

    internal MappedFile File { get; }

    /// <summary>Opens a file and checks everything in front of its data.</summary>
    /// <exception cref="ModelFormatException">It is malformed or not supported.</exception>
    public static GgufFile Open(string path)
    {
        var file = new MappedFile(path);
        try
        {
            return Read(file);
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>Reads an array of strings.</summary>
    public string[] ReadTexts(string key, GgufArray array)
    {
        var cursor = new GgufCursor(File, array.Offset);
        var texts = new string[array.Count];
        for (var i = 0; i < texts.Length; i++)
            texts[i] = cursor.Text($"{key}[{i}]", MaxTextLength);
        return texts;
    }

    /// <summary>Reads an array of numbers or bools, one by one.</summary>
    public IEnumerable<GgufValue> ReadScalars(string key, GgufArray array)
    {
        var cursor = new GgufCursor(File, array.Offset);
        for (var i = 0; i < array.Count; i++)
            yield return new GgufValue(array.ElementType, cursor.Scalar(array.ElementType, key, MaxTextLength));
    }

    public void Dispose() => File.Dispose();

    private static GgufFile Read(MappedFile mapped)
    {
        var cursor = new GgufCursor(mapped);
        CheckVersion(mapped.Path, cursor);
        var tensorCount = cursor.Count("the number of tensors", MinTensorSize, MaxTensors);
        var valueCount = cursor.Count("the number of metadata values", MinValueSize, MaxValues);

        var values = new Dictionary<string, GgufValue>(StringComparer.Ordinal);
        for (var i = 0; i < valueCount; i++)
        {
            var key = cursor.Text($"the name of metadata value {i}", MaxNameLength);
            if (!values.TryAdd(key, ReadValue(cursor, key)))
                throw new ModelFormatException(mapped.Path, $"the metadata hold \"{key}\" twice.");
        }

        var metadata = new GgufMetadata(mapped.Path, values);
        var file = new GgufFile(mapped, metadata);
        metadata.File = file;
        file.Tensors = ReadTensors(file, cursor, tensorCount);
        return file;
    }

    private static void CheckVersion(string path, GgufCursor cursor)
    {
        if (cursor.UInt32("the magic number") != Magic)
            throw new ModelFormatException(path, "does not begin with \"GGUF\"; it is no GGUF file.");
        var version = cursor.UInt32("the version");
        if (version is not (2 or 3))
            throw version is 2 << 24 or 3 << 24
                ? new ModelFormatException(
                    path, "is a big-endian GGUF file, which is not read; convert the model for little-endian machines.")
                : new ModelFormatException(path, $"has GGUF version {version}; versions 2 and 3 are read. Convert the model anew.");
    }

    private static GgufValue ReadValue(GgufCursor cursor, string key)
    {
        var type = ReadType(cursor, $"the type of \"{key}\"");
        if (type != GgufValueType.Array)
            return new GgufValue(type, cursor.Scalar(type, $"the value of \"{key}\"", MaxTextLength));

        var what = $"the array \"{key}\"";
        var elementType = ReadType(cursor, $"the element type of {what}");
        if (elementType == GgufValueType.Array)
            throw cursor.Error($"{what} holds arrays; nested arrays are not read.");
        var size = SizeOf(elementType);
        var count = cursor.Count($"the length of {what}", size, MaxElements);
        var array = new GgufArray(elementType, count, cursor.Position);
        if (elementType != GgufValueType.String)
            cursor.Skip((long)count * size);
        else
            for (var i = 0; i < count; i++)
                cursor.SkipText($"element {i} of {what}", MaxTextLength);
        return new GgufValue(type, array);
    }

    private static GgufValueType ReadType(GgufCursor cursor, string what)
    {
        var number = cursor.UInt32(what);
        return number <= (uint)GgufValueType.Float64
            ? (GgufValueType)number
            : throw cursor.Error($"{what} is {number}; types are 0 to {(uint)GgufValueType.Float64}.");
    }

    // Of a string, its length, which is all that is certain to follow.
    private static int SizeOf(GgufValueType type) => type switch
    {
        GgufValueType.UInt8 or GgufValueType.Int8 or GgufValueType.Bool => 1,
        GgufValueType.UInt16 or GgufValueType.Int16 => 2,
        GgufValueType.UInt32 or GgufValueType.Int32 or GgufValueType.Float32 => 4,
        _ => 8,
    };

    private static List<GgufTensorInfo> ReadTensors(GgufFile file, GgufCursor cursor, int count)
    {
        var alignment = (int)file.Metadata.Integer(AlignmentKey, 1, MaxAlignment, DefaultAlignment);
        if (!BitOperations.IsPow2(alignment))
            throw file.Metadata.Wrong(AlignmentKey, "a power of two");

        var tensors = new List<GgufTensorInfo>();
        var names = new HashSet<string>(StringComparer.Ordinal);
        for (var i = 0; i < count; i++)
        {
            var tensor = ReadTensor(file, cursor, i, alignment);
            if (!names.Add(tensor.Name))
                throw new ModelFormatException(file.Path, $"holds {tensor.Title} twice.");
            tensors.Add(tensor);
        }

        // Offsets so far count from the start of the data.
        var dataStart = (cursor.Position + alignment - 1) / alignment * alignment;
        CheckPlaces(file, tensors, file.File.Length - dataStart);
        return [.. tensors.Select(tensor => tensor with { Offset = dataStart + tensor.Offset })];
    }

    private static GgufTensorInfo ReadTensor(GgufFile file, GgufCursor cursor, int index, int alignment)
    {
        var name = cursor.Text($"the name of tensor {index}", MaxNameLength);
        var what = $"tensor \"{name}\"";
        var dimensions = cursor.UInt32($"the number of dimensions of {what}");
        if (dimensions is 0 or > MaxDimensions)
            throw cursor.Error($"{what} has {dimensions} dimensions; 1 to {MaxDimensions} are possible.");
        var shape = new long[dimensions];
        for (var i = shape.Length - 1; i >= 0; i--)
        {
            var extent = cursor.UInt64($"the extents of {what}");
            shape[i] = extent is > 0 and <= long.MaxValue
                ? (long)extent
                : throw cursor.Error($"{what} has an extent of {extent}; extents are 1 to {long.MaxValue}.");
        }

        var typeNumber = cursor.UInt32($"the type of {what}");
        var type = GgufTensorType.Find(typeNumber) ?? throw new ModelFormatException(
            file.Path,
            $"{what} is {GgufTensorType.Describe(typeNumber)}, which is not read; read are {GgufTensorType.KnownNames}.");
        var offset = cursor.UInt64($"the offset of {what}");
        if (offset > long.MaxValue || offset % (ulong)alignment != 0)
            throw cursor.Error($"{what} has the offset {offset}; it must be a multiple of {alignment}, the alignment of the file.");
        return new GgufTensorInfo(file, name, type, shape, (long)offset, SizeOf(file.Path, what, type, shape));
    }

    private static long SizeOf(string path, string what, GgufTensorType type, long[] shape)
    {
        if (shape[^1] % type.BlockElements != 0)
            throw new ModelFormatException(
                path, $"{what} has rows of {shape[^1]} elements; {type.Name} has blocks of {type.BlockElements}.");
        try
        {
            // The elements too must be countable, and twice as many bytes, which is what a block becomes.
            long elements = 2;
            foreach (var extent in shape)
                elements = checked(elements * extent);
            return checked(elements / 2 / type.BlockElements * type.BlockSize);
        }
        catch (OverflowException error)
        {
            throw new ModelFormatException(
                path, $"{what}: shape {Tensor.Format(shape)} takes more than {long.MaxValue} bytes.", error);
        }
    }

    private static void CheckPlaces(GgufFile file, List<GgufTensorInfo> tensors, long dataSize)
    {
        GgufTensorInfo? before = null;
        foreach (var tensor in tensors.OrderBy(tensor => tensor.Offset))
        {
            if (tensor.Offset > dataSize - tensor.Size)
                throw new ModelFormatException(
                    file.Path,
                    $"{tensor.Title} takes {tensor.Size} bytes at {tensor.Offset}, but the file holds {Math.Max(dataSize, 0)} bytes of data: "
                    + "truncated file?");
            if (before is not null && tensor.Offset < before.Offset + before.Size)
                throw new ModelFormatException(
                    file.Path,
                    $"{tensor.Title} begins at {tensor.Offset}, but {before.Title} ends at {before.Offset + before.Size}: they overlap.");
            before = tensor;
        }
    }
}
