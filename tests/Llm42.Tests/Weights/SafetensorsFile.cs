using System.Buffers.Binary;
using System.Text;

namespace Llm42.Tests.Weights;

/// <summary>Bytes of safetensors files, well-formed or not.</summary>
internal static class SafetensorsFile
{
    /// <summary>Header length, header and data as given.</summary>
    public static byte[] Of(string header, int dataSize, ulong? headerLength = null) =>
        Of(Encoding.UTF8.GetBytes(header), dataSize, headerLength);

    public static byte[] Of(byte[] header, int dataSize, ulong? headerLength = null)
    {
        var file = new byte[sizeof(ulong) + header.Length + dataSize];
        BinaryPrimitives.WriteUInt64LittleEndian(file, headerLength ?? (ulong)header.Length);
        header.CopyTo(file.AsSpan(sizeof(ulong)));
        for (var i = 0; i < dataSize; i++)
            file[sizeof(ulong) + header.Length + i] = (byte)(i + 1);
        return file;
    }

    /// <summary>A well-formed file with the given tensors.</summary>
    public static byte[] Of(IReadOnlyDictionary<string, (string Dtype, long[] Shape)> tensors)
    {
        var entries = new List<string>();
        long end = 0;
        foreach (var (name, (dtype, shape)) in tensors)
        {
            var begin = end;
            end += shape.Aggregate(dtype == "F32" ? 4L : 2L, (size, extent) => size * extent);
            entries.Add(
                $$"""
                "{{name}}":{"dtype":"{{dtype}}","shape":[{{string.Join(",", shape)}}],"data_offsets":[{{begin}},{{end}}]}
                """);
        }
        return Of($"{{{string.Join(",", entries)}}}", (int)end);
    }

    /// <summary>A file with three tensors.</summary>
    public static byte[] Valid() => Of(
        """
        {"__metadata__":{"format":"pt"},
        "b":{"dtype":"F32","shape":[2,3],"data_offsets":[8,32]},
        "a":{"dtype":"BF16","shape":[4],"data_offsets":[0,8]},
        "empty":{"dtype":"F16","shape":[0,7],"data_offsets":[32,32]}}
        """,
        32);
}
