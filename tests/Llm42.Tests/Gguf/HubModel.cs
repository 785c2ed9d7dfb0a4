using System.Buffers.Binary;
using System.Runtime.InteropServices;
using System.Text;
using System.Text.Json.Nodes;
using Llm42.Weights;

namespace Llm42.Tests.Gguf;

/// <summary>A model of Hugging Face's layout in memory, its elements as f32.</summary>
internal sealed class HubModel
{
    public required JsonObject Config { get; init; }

    public required Dictionary<string, (long[] Shape, float[] Values)> Tensors { get; init; }

    /// <summary>"qwen3-moe" has the type "qwen3_moe".</summary>
    public string Type => (string)Config["model_type"]!;

    public static HubModel Load(string directory)
    {
        using var source = SafetensorsSource.Open(directory);
        var tensors = new Dictionary<string, (long[], float[])>();
        foreach (var (name, tensor) in source.Tensors)
        {
            var values = new float[tensor.ElementCount];
            tensor.ReadFloats(values);
            tensors.Add(name, ([.. tensor.Shape], values));
        }
        return new HubModel
        {
            Config = JsonNode.Parse(File.ReadAllText(Path.Combine(directory, "config.json")))!.AsObject(),
            Tensors = tensors,
        };
    }

    public int Integer(string field, int otherwise = 0) => Config[field] is { } value ? (int)value : otherwise;

    /// <summary>Writes config.json and model.safetensors, each tensor in the type that a function gives it.</summary>
    public void Write(string directory, Func<string, int> typeOf)
    {
        File.WriteAllText(Path.Combine(directory, "config.json"), Config.ToJsonString());
        var header = new JsonObject();
        var data = new List<byte[]>();
        long offset = 0;
        foreach (var (name, (shape, values)) in Tensors)
        {
            var bytes = Encode(values, typeOf(name));
            header[name] = new JsonObject
            {
                ["dtype"] = typeOf(name) switch { GgufBytes.F32 => "F32", GgufBytes.BF16 => "BF16", _ => "F16" },
                ["shape"] = new JsonArray([.. shape.Select(extent => JsonValue.Create(extent))]),
                ["data_offsets"] = new JsonArray(offset, offset + bytes.Length),
            };
            data.Add(bytes);
            offset += bytes.Length;
        }
        using var file = new BinaryWriter(File.Create(Path.Combine(directory, "model.safetensors")));
        var text = Encoding.UTF8.GetBytes(header.ToJsonString());
        file.Write((ulong)text.Length);
        file.Write(text);
        foreach (var bytes in data)
            file.Write(bytes);
    }

    /// <summary>The elements as a file holds them, rounded to nearest even; Q8_0 is not a type of safetensors.</summary>
    public static byte[] Encode(float[] values, int type)
    {
        if (type == GgufBytes.F32)
            return MemoryMarshal.AsBytes(values.AsSpan()).ToArray();
        var bytes = new byte[values.Length * 2];
        for (var i = 0; i < values.Length; i++)
        {
            if (type == GgufBytes.F16)
                BinaryPrimitives.WriteHalfLittleEndian(bytes.AsSpan(2 * i), (Half)values[i]);
            else
                BinaryPrimitives.WriteUInt16LittleEndian(bytes.AsSpan(2 * i), ToBf16(values[i]));
        }
        return bytes;
    }

    private static ushort ToBf16(float value)
    {
        var bits = BitConverter.SingleToUInt32Bits(value);
        return (ushort)((bits + 0x7fff + ((bits >> 16) & 1)) >> 16);
    }
}
