using System.Text.Json.Nodes;

namespace Llm42.Tests.Models.Reference;

/// <summary>Draws configs of small models: odd shapes, any combination of features, old and new spellings, fields left out.</summary>
internal sealed class RandomConfig
{
    private const int Missing = -1;

    private readonly Random _random;
    private readonly string _architecture;
    private readonly int _maxPositions;
    private readonly JsonObject _json;
    private int _headSize;

    private RandomConfig(string architecture, int maxPositions, Random random)
    {
        _random = random;
        _architecture = architecture;
        _maxPositions = maxPositions;
        _json = new JsonObject
        {
            ["architectures"] = new JsonArray(architecture),
            ["model_type"] = "ignored",
            ["max_position_embeddings"] = maxPositions,
            ["vocab_size"] = Pick(3, 61, 97, 128, 251, 256, 509, 997),
            ["num_hidden_layers"] = _random.Next(1, 4),
        };
    }

    private bool IsQwen3 => _architecture == "Qwen3ForCausalLM";

    private bool IsQwen3Moe => _architecture == "Qwen3MoeForCausalLM";

    private bool IsMixtral => _architecture == "MixtralForCausalLM";

    private bool IsPhi3 => _architecture == "Phi3ForCausalLM";

    public static JsonObject Draw(string architecture, int maxPositions, Random random)
    {
        var config = new RandomConfig(architecture, maxPositions, random);
        config.AddShape();
        config.AddRope();
        config.AddWindow();
        config.AddBiases();
        config.AddExperts();
        config.AddRest();
        // As it is read back from a file: a number may then be taken for an integer or not.
        return JsonNode.Parse(config._json.ToJsonString())!.AsObject();
    }

    private void AddShape()
    {
        var heads = _random.Next(1, 9);
        var divisors = Enumerable.Range(1, heads).Where(kvHeads => heads % kvHeads == 0).ToArray();
        var hidden = Pick(5, 8, 24, 33, 40, 64, 72, 100);
        _json["num_attention_heads"] = heads;
        _json["num_key_value_heads"] = Pick(divisors);
        _json["intermediate_size"] = Pick(1, 8, 17, 52, 71, 96, 130);
        _headSize = Pick(2, 4, 6, 8, 10, 16, 20, 24, 32, 48, 80);
        _json["head_dim"] = _headSize;
        switch (_random.Next(4))
        {
            case 0 when IsQwen3:
                // Its default is a number of its own.
                _json.Remove("head_dim");
                _headSize = 128;
                break;
            case 0 or 1 when !IsQwen3:
                hidden = heads * _headSize;
                if (Chance(2))
                    _json["head_dim"] = null;
                else
                    _json.Remove("head_dim");
                break;
        }
        if (Chance(4) && _architecture is "LlamaForCausalLM" or "Phi3ForCausalLM")
        {
            // Left out, there are as many as query heads.
            _json["num_key_value_heads"] = null;
            if (Chance(2))
                _json.Remove("num_key_value_heads");
        }
        _json["hidden_size"] = hidden;
    }

    private void AddRope()
    {
        var theta = Math.Round(Math.Pow(10, 4 + (2 * _random.NextDouble())));
        var scaling = Scaling();
        if (IsPhi3 && !Chance(4))
        {
            double[] factors = [.. new[] { 0.25, 0.4, 0.5, 0.75, 1 }.Where(f => (int)(_headSize * f) is >= 2 and var size && size % 2 == 0)];
            _json["partial_rotary_factor"] = Pick(factors);
        }
        if (Chance(2))
        {
            var gathered = scaling ?? new JsonObject { ["rope_type"] = "default" };
            gathered["rope_theta"] = theta;
            if (_json["partial_rotary_factor"] is { } partial)
            {
                gathered["partial_rotary_factor"] = (double)partial;
                if (Chance(2))
                    _json.Remove("partial_rotary_factor");
            }
            _json["rope_parameters"] = gathered;
            return;
        }
        if (!Chance(4))
            _json["rope_theta"] = Chance(2) ? theta : (int)theta;
        if (scaling is null)
        {
            if (Chance(2))
                _json["rope_scaling"] = null;
            return;
        }
        // Old files say "type", some say both.
        if (Chance(3))
        {
            scaling["type"] = (string)scaling["rope_type"]!;
            if (Chance(2))
                scaling.Remove("rope_type");
        }
        _json["rope_scaling"] = scaling;
    }

    private JsonObject? Scaling()
    {
        var factor = Pick(1, 1.5, 2, 4, 8.0, 32);
        switch (_random.Next(IsPhi3 ? 1 : 5))
        {
            case 0:
                return null;
            case 1:
                return new JsonObject { ["rope_type"] = "linear", ["factor"] = factor };
            case 2:
                var low = Pick(0.5, 1, 2);
                return new JsonObject
                {
                    ["rope_type"] = "llama3",
                    ["factor"] = factor,
                    ["low_freq_factor"] = low,
                    ["high_freq_factor"] = low * Pick(2, 4),
                    ["original_max_position_embeddings"] = Pick(16, 64, 256, 8192),
                };
            default:
                return Yarn(factor);
        }
    }

    private JsonObject Yarn(double factor)
    {
        var yarn = new JsonObject { ["rope_type"] = "yarn", ["factor"] = factor };
        void Maybe(string name, JsonNode value)
        {
            if (Chance(3))
                yarn[name] = Chance(4) ? null : value;
        }
        Maybe("beta_fast", Pick(16, 32, 48.5));
        Maybe("beta_slow", Pick(0.5, 1, 2));
        switch (_random.Next(4))
        {
            case 0:
                Maybe("attention_factor", Pick(0.8, 1, 1.3));
                break;
            case 1:
                // One alone counts for nothing.
                yarn["mscale"] = Pick(0.707, 1, 1.2);
                yarn["mscale_all_dim"] = Pick(0, 0.5, 1);
                if (Chance(3))
                    yarn.Remove(Pick("mscale", "mscale_all_dim"));
                break;
        }
        if (Chance(3))
            yarn["truncate"] = Chance(2);
        if (!Chance(3))
            yarn["original_max_position_embeddings"] = Pick(16, 64, 300, 4096, 32768);
        return yarn;
    }

    private void AddWindow()
    {
        int[] windows = [1, 2, 3, 7, 8, 9, 16, 31, 40, 100, 255, 256, 257, 5000];
        if (_architecture == "MistralForCausalLM")
        {
            SetOrNull("sliding_window", Chance(4) ? null : Pick(windows));
            if (Chance(6))
                _json.Remove("sliding_window");
        }
        else if (IsMixtral || IsPhi3)
        {
            var window = Chance(2) ? Pick(windows) : Missing;
            if (window != Missing || Chance(2))
                SetOrNull("sliding_window", window == Missing ? null : window);
        }
        else if (_architecture != "LlamaForCausalLM" && !Chance(4))
        {
            var isUsed = _random.Next(3) > 0;
            _json["use_sliding_window"] = isUsed;
            if (!Chance(6) || isUsed)
                SetOrNull("sliding_window", Chance(8) ? null : Pick(windows));
            var layers = (int)_json["num_hidden_layers"]!;
            if (!Chance(5))
                _json["max_window_layers"] = _random.Next(layers + 2);
            if (IsQwen3Moe)
                return;
            if (isUsed && _json["sliding_window"] is not null && Chance(3))
            {
                _json["layer_types"] = new JsonArray(
                    [.. Enumerable.Range(0, layers).Select(_ => JsonValue.Create(Pick("full_attention", "sliding_attention")))]);
            }
        }
    }

    private void AddBiases()
    {
        if (_architecture is "LlamaForCausalLM" || IsQwen3 || IsQwen3Moe)
        {
            if (!Chance(3))
                _json["attention_bias"] = Chance(2);
        }
        if (_architecture is "LlamaForCausalLM" && !Chance(3))
            _json["mlp_bias"] = Chance(2);
    }

    private void AddExperts()
    {
        if (!IsMixtral && !IsQwen3Moe)
            return;
        var experts = Chance(10) ? 70 : _random.Next(1, 10);
        _json[IsMixtral || Chance(4) ? "num_local_experts" : "num_experts"] = experts;
        _json["num_experts_per_tok"] = _random.Next(1, Math.Min(experts, 64) + 1);
        if (IsMixtral)
            return;
        _json["moe_intermediate_size"] = Pick(8, 19, 48, 64);
        if (!Chance(3))
            _json["norm_topk_prob"] = Chance(2);
        if (Chance(2))
            _json["decoder_sparse_step"] = _random.Next(1, 4);
        if (!Chance(4))
        {
            var dense = Enumerable.Range(0, (int)_json["num_hidden_layers"]!).Where(_ => Chance(2)).Select(i => JsonValue.Create(i));
            _json["mlp_only_layers"] = Chance(6) ? null : new JsonArray([.. dense]);
        }
    }

    private void AddRest()
    {
        if (!Chance(3))
            _json["rms_norm_eps"] = Pick(1e-5, 1e-6, 1e-3);
        if (!Chance(3))
            _json["tie_word_embeddings"] = Chance(2);
        if (!Chance(3))
            _json["hidden_act"] = "silu";
        if (Chance(2))
            _json["eos_token_id"] = 2;
        if (Chance(2))
            _json["pad_token_id"] = null;
        _json[Pick("dtype", "torch_dtype")] = "bfloat16";
        _json["attention_dropout"] = 0.0;
        _json["initializer_range"] = 0.02;
        _json["use_cache"] = Chance(2);
    }

    private void SetOrNull(string name, int? value) => _json[name] = value is { } number ? JsonValue.Create(number) : null;

    private bool Chance(int oneIn) => _random.Next(oneIn) == 0;

    private T Pick<T>(params T[] values) => values[_random.Next(values.Length)];
}
