using System.Buffers.Binary;
using System.Text;
using System.Text.Json.Nodes;

namespace Llm42.Tests.Models.Reference;

/// <summary>Tensors of random values, rounded to a dtype and written as safetensors.</summary>
internal sealed class RandomTensors(Random random)
{
    private readonly List<(string Name, string Dtype, int[] Shape, double[] Values)> _tensors = [];

    /// <summary>Adds a tensor of normally distributed values; returns them, to be changed before they are written.</summary>
    public double[] Add(string name, string dtype, int[] shape, double mean, double deviation)
    {
        var values = new double[shape.Aggregate(1, (size, extent) => size * extent)];
        for (var i = 0; i < values.Length; i++)
            values[i] = mean + (deviation * Normal());
        _tensors.Add((name, dtype, shape, values));
        return values;
    }

    /// <summary>Leaves a tensor out again.</summary>
    public void Remove(string name) => Assert.AreEqual(1, _tensors.RemoveAll(tensor => tensor.Name == name), name);

    /// <summary>Writes one file, or several with an index.</summary>
    public void Write(string directory, int files)
    {
        if (files == 1)
        {
            File.WriteAllBytes(Path.Combine(directory, "model.safetensors"), FileOf(_tensors));
            return;
        }
        var map = new JsonObject();
        for (var shard = 0; shard < files; shard++)
        {
            var name = $"model-{shard + 1:D5}-of-{files:D5}.safetensors";
            var part = _tensors.Where((_, i) => i % files == shard).ToList();
            foreach (var tensor in part)
                map[tensor.Name] = name;
            File.WriteAllBytes(Path.Combine(directory, name), FileOf(part));
        }
        var index = new JsonObject { ["metadata"] = new JsonObject(), ["weight_map"] = map };
        File.WriteAllText(Path.Combine(directory, "model.safetensors.index.json"), index.ToJsonString());
    }

    private static byte[] FileOf(List<(string Name, string Dtype, int[] Shape, double[] Values)> tensors)
    {
        var header = new JsonObject { ["__metadata__"] = new JsonObject { ["format"] = "pt" } };
        var data = new MemoryStream();
        foreach (var (name, dtype, shape, values) in tensors)
        {
            var begin = data.Length;
            foreach (var value in values)
                WriteElement(data, dtype, value);
            header[name] = new JsonObject
            {
                ["dtype"] = dtype,
                ["shape"] = new JsonArray([.. shape.Select(extent => JsonValue.Create(extent))]),
                ["data_offsets"] = new JsonArray(begin, data.Length),
            };
        }
        var text = Encoding.UTF8.GetBytes(header.ToJsonString());
        var file = new byte[8 + text.Length + data.Length];
        BinaryPrimitives.WriteInt64LittleEndian(file, text.Length);
        text.CopyTo(file, 8);
        data.ToArray().CopyTo(file, 8 + text.Length);
        return file;
    }

    private static void WriteElement(MemoryStream data, string dtype, double value)
    {
        Span<byte> bytes = stackalloc byte[4];
        switch (dtype)
        {
            case "F32":
                BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)value);
                data.Write(bytes);
                break;
            case "F16":
                BinaryPrimitives.WriteHalfLittleEndian(bytes, (Half)value);
                data.Write(bytes[..2]);
                break;
            default:
                // Cutting off instead of rounding: the values are random anyhow.
                BinaryPrimitives.WriteSingleLittleEndian(bytes, (float)value);
                data.Write(bytes[2..]);
                break;
        }
    }

    private double Normal() => Math.Sqrt(-2 * Math.Log(1 - random.NextDouble())) * Math.Cos(2 * Math.PI * random.NextDouble());
}
