using System.Text.Json.Nodes;

namespace Llm42.Tests.Models.Reference;

/// <summary>Writes small random models of any architecture in Hugging Face layout, with the tensors that transformers saves.</summary>
internal sealed class RandomCheckpoint
{
    private readonly Random _random;
    private readonly ReferenceConfig _config;
    private readonly JsonObject _json;
    private readonly RandomTensors _tensors;
    private readonly string _dtype;
    private readonly string _normDtype;

    private RandomCheckpoint(JsonObject json, Random random)
    {
        _random = random;
        _json = json;
        _config = new ReferenceConfig(json);
        _tensors = new RandomTensors(random);
        _dtype = Pick("F32", "BF16", "F16");
        _normDtype = Pick(_dtype, "F32");
    }

    /// <summary>Writes config.json as given, and weights of the shapes that it asks for, changed as told.</summary>
    public static void Write(string directory, JsonObject json, Random random, Action<RandomTensors>? change = null)
    {
        var checkpoint = new RandomCheckpoint(json, random);
        checkpoint.AddAll();
        change?.Invoke(checkpoint._tensors);
        checkpoint._tensors.Write(directory, random.Next(1, 4));
        File.WriteAllText(Path.Combine(directory, "config.json"), json.ToJsonString());
    }

    private void AddAll()
    {
        var vocabulary = (int)_json["vocab_size"]!;
        // Small embeddings make the epsilon of the first norm count.
        var table = _tensors.Add(
            "model.embed_tokens.weight", _dtype, [vocabulary, _config.Hidden], 0, _config.TiesEmbeddings ? 0.3 : Pick(1, 0.01));
        for (var layer = 0; layer < _config.Layers; layer++)
            AddLayer(layer);
        Norm("model.norm", _config.Hidden);
        if (!_config.TiesEmbeddings || Chance(3))
        {
            // A head that is tied is another name of the same values.
            var head = Matrix("lm_head", vocabulary, _config.Hidden, 2, dtype: _config.TiesEmbeddings ? _dtype : OtherDtype());
            if (_config.TiesEmbeddings)
                table.CopyTo(head, 0);
        }
    }

    private void AddLayer(int layer)
    {
        var name = $"model.layers.{layer}";
        var (queries, keys) = (_config.Heads * _config.HeadSize, _config.KvHeads * _config.HeadSize);
        Norm($"{name}.input_layernorm", _config.Hidden);
        Norm($"{name}.post_attention_layernorm", _config.Hidden);
        var attention = $"{name}.self_attn";
        if (_config.IsFused)
        {
            Matrix($"{attention}.qkv_proj", queries + (2 * keys), _config.Hidden, 1.5);
        }
        else
        {
            foreach (var (part, rows) in new[] { ("q_proj", queries), ("k_proj", keys), ("v_proj", keys) })
                Matrix($"{attention}.{part}", rows, _config.Hidden, 1.5, _config.HasQkvBias);
        }
        Matrix($"{attention}.o_proj", _config.Hidden, queries, 1, _config.HasOutputBias, OtherDtype());
        if (_config.HasHeadNorm)
        {
            Norm($"{attention}.q_norm", _config.HeadSize);
            Norm($"{attention}.k_norm", _config.HeadSize);
        }
        // Old checkpoints carry the table along.
        if (Chance(8) && !_config.IsFused)
            _tensors.Add($"{attention}.rotary_emb.inv_freq", "F32", [_config.HeadSize / 2], 0, 1);

        if (_config.IsSparse(layer))
            AddExperts(name);
        else
            AddMlp($"{name}.mlp", (int)_json["intermediate_size"]!);
    }

    private void AddMlp(string name, int size)
    {
        if (_config.IsFused)
        {
            Matrix($"{name}.gate_up_proj", 2 * size, _config.Hidden, 1);
        }
        else
        {
            Matrix($"{name}.gate_proj", size, _config.Hidden, 1, _config.HasMlpBias);
            Matrix($"{name}.up_proj", size, _config.Hidden, 1, _config.HasMlpBias);
        }
        Matrix($"{name}.down_proj", _config.Hidden, size, 1, _config.HasMlpBias, OtherDtype());
    }

    private void AddExperts(string layer)
    {
        var name = _config.HasMixtralNames ? $"{layer}.block_sparse_moe" : $"{layer}.mlp";
        var (gate, up, down) = _config.HasMixtralNames ? ("w1", "w3", "w2") : ("gate_proj", "up_proj", "down_proj");
        var size = (int)_json[_config.HasMixtralNames ? "intermediate_size" : "moe_intermediate_size"]!;
        var router = Matrix($"{name}.gate", _config.Experts, _config.Hidden, 1, dtype: OtherDtype());
        // Experts that the router cannot tell apart: the lower one goes first.
        if (_config.Experts > 1 && Chance(3))
        {
            var (from, to) = (_random.Next(_config.Experts), _random.Next(_config.Experts));
            router.AsSpan(from * _config.Hidden, _config.Hidden).CopyTo(router.AsSpan(to * _config.Hidden));
        }
        for (var expert = 0; expert < _config.Experts; expert++)
        {
            Matrix($"{name}.experts.{expert}.{gate}", size, _config.Hidden, 1);
            Matrix($"{name}.experts.{expert}.{up}", size, _config.Hidden, 1);
            Matrix($"{name}.experts.{expert}.{down}", _config.Hidden, size, 2);
        }
    }

    private void Norm(string name, int size) => _tensors.Add($"{name}.weight", _normDtype, [size], 1, 0.25);

    private double[] Matrix(string name, int rows, int columns, double gain, bool hasBias = false, string? dtype = null)
    {
        if (hasBias)
            _tensors.Add($"{name}.bias", OtherDtype(), [rows], 0, 0.3);
        return _tensors.Add($"{name}.weight", dtype ?? _dtype, [rows, columns], 0, gain / Math.Sqrt(columns));
    }

    // Only matrices that are multiplied with as one must agree.
    private string OtherDtype() => Chance(4) ? Pick("F32", "BF16", "F16") : _dtype;

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;

    private T Pick<T>(params T[] values) => values[_random.Next(values.Length)];
}
