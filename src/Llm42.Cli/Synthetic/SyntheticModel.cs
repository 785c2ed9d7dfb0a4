using System.Buffers.Binary;
using System.Text.Json;
using System.Text.Json.Nodes;
using Llm42.Cli.DemoModel;
using Microsoft.Win32.SafeHandles;

namespace Llm42.Cli.Synthetic;

/// <summary>Writes a model of random weights as a directory in Hugging Face layout: what nobody needs to download.</summary>
internal static class SyntheticModel
{
    /// <summary>Positions of the longest context.</summary>
    public const int MaxContext = 131072;

    private const ulong Seed = 42;

    /// <summary>Writes a model into a temporary directory, which goes when it is disposed.</summary>
    /// <param name="shape">Its shape.</param>
    /// <param name="format">How its matrices are stored.</param>
    /// <param name="cancellation">Ends the writing.</param>
    /// <exception cref="IOException">There is no room for it.</exception>
    public static ModelDirectory Create(ModelShape shape, WeightFormat format, CancellationToken cancellation)
    {
        string directory = Directory.CreateTempSubdirectory("llm42-synthetic-").FullName;
        try
        {
            Write(directory, shape, format, cancellation);
            return new ModelDirectory(directory, isTemporary: true);
        }
        catch
        {
            Directory.Delete(directory, recursive: true);
            throw;
        }
    }

    /// <summary>Refuses, by name, what does not fit on the disk.</summary>
    public static void RequireRoom(string directory, ModelShape shape, long bytes)
    {
        long free = new DriveInfo(Path.GetFullPath(directory)).AvailableFreeSpace;
        if (free < bytes)
            throw new IOException($"the weights of {shape.Name} take {bytes >> 20} MiB and {directory} has room for {free >> 20} MiB; point TMPDIR to a disk with more.");
    }

    private static void Write(string directory, ModelShape shape, WeightFormat format, CancellationToken cancellation)
    {
        File.WriteAllText(Path.Combine(directory, "config.json"), Config(shape, format).ToJsonString());
        var header = new JsonObject();
        var tensors = new List<(SyntheticTensor, WeightFormat, long Place)>();
        long end = 0;
        foreach (SyntheticTensor tensor in SyntheticTensor.Of(shape))
        {
            tensors.Add((tensor, format, end));
            long begin = end;
            end += format.BytesOf(tensor.Count);
            header[tensor.Name] = new JsonObject
            {
                ["dtype"] = format.Safetensors,
                ["shape"] = new JsonArray([.. tensor.Shape.Select(extent => (JsonNode)extent)]),
                ["data_offsets"] = new JsonArray(begin, end),
            };
        }

        RequireRoom(directory, shape, end);
        byte[] json = JsonSerializer.SerializeToUtf8Bytes(header);
        // Weights begin at a multiple of 64, as all writers of this form have it.
        Array.Resize(ref json, (json.Length + 8 + 63) / 64 * 64 - 8);
        json.AsSpan().Replace((byte)0, (byte)' ');
        using SafeFileHandle file = File.OpenHandle(Path.Combine(directory, "model.safetensors"), FileMode.CreateNew, FileAccess.Write);
        byte[] length = new byte[sizeof(long)];
        BinaryPrimitives.WriteInt64LittleEndian(length, json.Length);
        RandomAccess.Write(file, length, 0);
        RandomAccess.Write(file, json, length.Length);
        TensorWriter.Write(file, tensors.Select(one => (one.Item1, one.Item2, one.Place + length.Length + json.Length)), Seed, cancellation);
    }

    private static JsonObject Config(ModelShape shape, WeightFormat format)
    {
        (string architecture, string type) = shape.Experts > 0 ? ("MixtralForCausalLM", "mixtral")
            : shape.NormsHeads ? ("Qwen3ForCausalLM", "qwen3")
            : ("LlamaForCausalLM", "llama");
        var config = new JsonObject
        {
            ["architectures"] = new JsonArray(architecture),
            ["model_type"] = type,
            ["hidden_size"] = shape.HiddenSize,
            ["intermediate_size"] = shape.IntermediateSize,
            ["num_hidden_layers"] = shape.Layers,
            ["num_attention_heads"] = shape.QueryHeads,
            ["num_key_value_heads"] = shape.KvHeads,
            ["head_dim"] = shape.HeadSize,
            ["vocab_size"] = shape.VocabularySize,
            ["max_position_embeddings"] = MaxContext,
            ["rms_norm_eps"] = 1e-5,
            ["rope_theta"] = 10000.0,
            ["hidden_act"] = "silu",
            ["tie_word_embeddings"] = shape.IsTied,
            ["torch_dtype"] = format == WeightFormat.F32 ? "float32" : "bfloat16",
        };
        if (shape.Experts > 0)
        {
            config["num_local_experts"] = shape.Experts;
            config["num_experts_per_tok"] = shape.ExpertsPerToken;
        }

        return config;
    }
}
