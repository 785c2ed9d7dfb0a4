using System.Buffers.Binary;
using System.Text.Json;

namespace Llm42.Tests.Models.Reference;

/// <summary>The tensors of all safetensors files of a directory, as doubles.</summary>
internal sealed class ReferenceWeights
{
    private readonly Dictionary<string, double[]> _tensors = [];

    public ReferenceWeights(string directory)
    {
        foreach (var path in Directory.GetFiles(directory, "*.safetensors"))
        {
            var file = File.ReadAllBytes(path);
            var headerSize = (int)BinaryPrimitives.ReadInt64LittleEndian(file);
            using var header = JsonDocument.Parse(file.AsMemory(8, headerSize));
            foreach (var tensor in header.RootElement.EnumerateObject().Where(tensor => tensor.Name != "__metadata__"))
            {
                var begin = tensor.Value.GetProperty("data_offsets")[0].GetInt32();
                var end = tensor.Value.GetProperty("data_offsets")[1].GetInt32();
                _tensors.Add(
                    tensor.Name,
                    Decode(tensor.Value.GetProperty("dtype").GetString()!, file.AsSpan(8 + headerSize + begin, end - begin)));
            }
        }
    }

    public double[] this[string name] => _tensors[name];

    private static double[] Decode(string dtype, ReadOnlySpan<byte> bytes)
    {
        var size = dtype == "F32" ? 4 : 2;
        var values = new double[bytes.Length / size];
        for (var i = 0; i < values.Length; i++)
        {
            var element = bytes.Slice(i * size, size);
            values[i] = dtype switch
            {
                "F32" => BinaryPrimitives.ReadSingleLittleEndian(element),
                "F16" => (double)BinaryPrimitives.ReadHalfLittleEndian(element),
                "BF16" => BitConverter.Int32BitsToSingle(BinaryPrimitives.ReadInt16LittleEndian(element) << 16),
                _ => throw new NotSupportedException($"dtype {dtype}"),
            };
        }
        return values;
    }
}
