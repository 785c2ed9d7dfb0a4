using System.Text.Json.Nodes;

namespace Llm42.Tests.Models.Reference;

/// <summary>
/// A decoder's forward pass in double precision, straight from the definitions: slow, without a cache, and sharing nothing
/// with the engine.
/// </summary>
internal sealed class ReferenceModel
{
    private readonly ReferenceConfig _config;
    private readonly ReferenceWeights _weights;

    private ReferenceModel(ReferenceConfig config, ReferenceWeights weights) => (_config, _weights) = (config, weights);

    /// <summary>Keys and values are rounded to bf16, as a cache of that dtype does.</summary>
    public bool RoundsCache { get; init; }

    /// <summary>Reads a model directory.</summary>
    public static ReferenceModel Load(string directory, bool roundsCache = false) => new(
        new ReferenceConfig(JsonNode.Parse(File.ReadAllText(Path.Combine(directory, "config.json")))!.AsObject()),
        new ReferenceWeights(directory))
    {
        RoundsCache = roundsCache,
    };

    /// <summary>The logits behind each token.</summary>
    public ReferenceRows Run(IReadOnlyList<int> tokens)
    {
        var embedding = _weights["model.embed_tokens.weight"];
        var rows = tokens.Select(token => embedding.AsSpan(token * _config.Hidden, _config.Hidden).ToArray()).ToArray();
        var margins = Enumerable.Repeat(double.PositiveInfinity, rows.Length).ToArray();
        for (var layer = 0; layer < _config.Layers; layer++)
        {
            var name = $"model.layers.{layer}";
            var attention = Attention(layer, $"{name}.self_attn", [.. rows.Select(row => Norm(row, $"{name}.input_layernorm"))]);
            for (var i = 0; i < rows.Length; i++)
            {
                Add(rows[i], attention[i], 1);
                var normed = Norm(rows[i], $"{name}.post_attention_layernorm");
                Add(rows[i], _config.IsSparse(layer) ? Experts(name, normed, ref margins[i]) : Dense($"{name}.mlp", normed), 1);
            }
        }
        var head = _config.TiesEmbeddings ? "model.embed_tokens" : "lm_head";
        return new ReferenceRows([.. rows.Select(row => Linear(Norm(row, "model.norm"), head))], margins);
    }

    private double[][] Attention(int layer, string name, double[][] rows)
    {
        var (heads, kvHeads, size) = (_config.Heads, _config.KvHeads, _config.HeadSize);
        var queries = new double[rows.Length][];
        var keys = new double[rows.Length][];
        var values = new double[rows.Length][];
        for (var i = 0; i < rows.Length; i++)
        {
            if (_config.IsFused)
            {
                var all = Linear(rows[i], $"{name}.qkv_proj");
                queries[i] = all[..(heads * size)];
                keys[i] = all[(heads * size)..((heads + kvHeads) * size)];
                values[i] = all[((heads + kvHeads) * size)..];
            }
            else
            {
                queries[i] = Linear(rows[i], $"{name}.q_proj", _config.HasQkvBias);
                keys[i] = Linear(rows[i], $"{name}.k_proj", _config.HasQkvBias);
                values[i] = Linear(rows[i], $"{name}.v_proj", _config.HasQkvBias);
            }
            NormAndRotateHeads(queries[i], $"{name}.q_norm", i);
            NormAndRotateHeads(keys[i], $"{name}.k_norm", i);
            if (RoundsCache)
                (keys[i], values[i]) = ([.. keys[i].Select(RoundToBf16)], [.. values[i].Select(RoundToBf16)]);
        }

        var outputs = new double[rows.Length][];
        for (var i = 0; i < rows.Length; i++)
        {
            var mixed = new double[heads * size];
            var first = _config.Window(layer) is { } window ? Math.Max(0, i - window + 1) : 0;
            for (var head = 0; head < heads; head++)
            {
                var query = queries[i].AsSpan(head * size, size);
                var kvHead = head / (heads / kvHeads);
                var weights = new double[i - first + 1];
                for (var j = first; j <= i; j++)
                    weights[j - first] = Dot(query, keys[j].AsSpan(kvHead * size, size)) / Math.Sqrt(size);
                weights = Softmax(weights);
                for (var j = first; j <= i; j++)
                {
                    for (var d = 0; d < size; d++)
                        mixed[(head * size) + d] += weights[j - first] * values[j][(kvHead * size) + d];
                }
            }
            outputs[i] = Linear(mixed, $"{name}.o_proj", _config.HasOutputBias);
        }
        return outputs;
    }

    private void NormAndRotateHeads(double[] row, string norm, int position)
    {
        for (var start = 0; start < row.Length; start += _config.HeadSize)
        {
            var head = row.AsSpan(start, _config.HeadSize);
            if (_config.HasHeadNorm)
                Norm(head.ToArray(), norm).CopyTo(head);
            _config.Rope.Rotate(head, position);
        }
    }

    private double[] Dense(string name, double[] row)
    {
        double[] gate;
        double[] up;
        if (_config.IsFused)
        {
            var both = Linear(row, $"{name}.gate_up_proj");
            (gate, up) = (both[..(both.Length / 2)], both[(both.Length / 2)..]);
        }
        else
        {
            gate = Linear(row, $"{name}.gate_proj", _config.HasMlpBias);
            up = Linear(row, $"{name}.up_proj", _config.HasMlpBias);
        }
        return Linear(Gated(gate, up), $"{name}.down_proj", _config.HasMlpBias);
    }

    private double[] Experts(string layer, double[] row, ref double margin)
    {
        var name = _config.HasMixtralNames ? $"{layer}.block_sparse_moe" : $"{layer}.mlp";
        var (gate, up, down) = _config.HasMixtralNames ? ("w1", "w3", "w2") : ("gate_proj", "up_proj", "down_proj");
        var logits = Linear(row, $"{name}.gate");
        var probabilities = Softmax(logits);
        var ranked = Enumerable.Range(0, logits.Length).OrderByDescending(expert => logits[expert]).ThenBy(expert => expert).ToArray();
        var chosen = ranked[.._config.ExpertsPerToken];
        if (chosen.Length < ranked.Length)
        {
            var gap = logits[chosen[^1]] - logits[ranked[chosen.Length]];
            // Equal logits are a tie by design, which has one answer; nearly equal ones are settled by rounding.
            if (gap > 0)
                margin = Math.Min(margin, gap);
        }
        var sum = _config.Renormalizes ? chosen.Sum(expert => probabilities[expert]) : 1;
        var output = new double[row.Length];
        foreach (var expert in chosen)
        {
            var part = $"{name}.experts.{expert}";
            var hidden = Gated(Linear(row, $"{part}.{gate}"), Linear(row, $"{part}.{up}"));
            Add(output, Linear(hidden, $"{part}.{down}"), probabilities[expert] / sum);
        }
        return output;
    }

    private double[] Norm(double[] row, string name)
    {
        var weight = _weights[$"{name}.weight"];
        var scale = 1 / Math.Sqrt((Dot(row, row) / row.Length) + _config.Epsilon);
        return [.. row.Select((x, i) => x * scale * weight[i])];
    }

    private double[] Linear(double[] row, string name, bool hasBias = false)
    {
        var weight = _weights[$"{name}.weight"];
        var output = hasBias ? [.. _weights[$"{name}.bias"]] : new double[weight.Length / row.Length];
        for (var n = 0; n < output.Length; n++)
            output[n] += Dot(row, weight.AsSpan(n * row.Length, row.Length));
        return output;
    }

    private static double[] Gated(double[] gate, double[] up) => [.. gate.Select((x, i) => x / (1 + Math.Exp(-x)) * up[i])];

    private static double[] Softmax(double[] logits)
    {
        var largest = logits.Max();
        var sum = logits.Sum(logit => Math.Exp(logit - largest));
        return [.. logits.Select(logit => Math.Exp(logit - largest) / sum)];
    }

    /// <summary>To the nearest, ties to even, from a double by way of a float.</summary>
    private static double RoundToBf16(double value)
    {
        var bits = BitConverter.SingleToUInt32Bits((float)value);
        return BitConverter.UInt32BitsToSingle((bits + 0x7fff + ((bits >> 16) & 1)) & 0xffff0000);
    }

    private static double Dot(ReadOnlySpan<double> a, ReadOnlySpan<double> b)
    {
        double sum = 0;
        for (var i = 0; i < a.Length; i++)
            sum += a[i] * b[i];
        return sum;
    }

    private static void Add(double[] row, double[] other, double factor)
    {
        for (var i = 0; i < row.Length; i++)
            row[i] += factor * other[i];
    }
}
