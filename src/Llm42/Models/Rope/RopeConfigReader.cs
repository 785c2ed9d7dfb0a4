namespace Llm42.Models.Rope;

/// <summary>Reads the RoPE fields of config.json, in the spellings of old and new checkpoints.</summary>
internal sealed class RopeConfigReader
{
    private const double MinTheta = 1.001;
    private const double MaxTheta = 1e12;
    private const double MaxFactor = 1e6;

    // No pair turns by more than 2^30 radians over the longest context.
    private const double MinPairFactor = 1.0 / 64;

    private const int MaxContext = 1 << 24;

    private static readonly Dictionary<string, Func<RopeConfigReader, RopeScaling>> ScalingByType =
        new(StringComparer.Ordinal)
        {
            ["default"] = _ => RopeScaling.None,
            ["linear"] = reader => new LinearScaling(reader.Factor),
            ["llama3"] = reader => reader.ReadLlama3(),
            ["yarn"] = reader => reader.ReadYarn(),
            ["longrope"] = reader => reader.ReadLongRope(),
            ["su"] = reader => reader.ReadLongRope(),
            // Of no checkpoint: how GGUF files say it, whatever the formula was.
            ["factors"] = reader => new FactorScaling(reader.PairFactors("factors"), amplitude: 1),
        };

    private readonly JsonObjectReader _config;
    private readonly JsonObjectReader _scaling;
    private readonly int _maxContext;
    private readonly int _rotarySize;

    private RopeConfigReader(JsonObjectReader config, JsonObjectReader scaling, int maxContext, int rotarySize)
    {
        _config = config;
        _scaling = scaling;
        _maxContext = maxContext;
        _rotarySize = rotarySize;
    }

    private double Factor => _scaling.Number("factor", 1, MaxFactor);

    /// <summary>Reads the fields.</summary>
    /// <param name="json">The whole config.</param>
    /// <param name="headSize">Elements of a head.</param>
    /// <param name="maxContext">max_position_embeddings.</param>
    /// <param name="defaultTheta">Base of the frequencies where none is given.</param>
    /// <returns>What to rotate by, and the positions that a stretched model can take, which may be more than maxContext.</returns>
    public static (RopeConfig Rope, int MaxContext) Read(JsonObjectReader json, int headSize, int maxContext, double defaultTheta)
    {
        // "rope_parameters" gathers what used to be "rope_theta" and "rope_scaling".
        var gathered = json.Has("rope_parameters") ? json.Object("rope_parameters") : null;
        var scaling = gathered ?? (json.Has("rope_scaling") ? json.Object("rope_scaling") : null);
        var thetaHolder = gathered?.Has("rope_theta") == true ? gathered : json;
        var theta = thetaHolder.Number("rope_theta", MinTheta, MaxTheta, defaultTheta);

        var holder = gathered?.Has("partial_rotary_factor") == true ? gathered : json;
        var rotarySize = (int)(headSize * holder.Number("partial_rotary_factor", 0, 1, 1));
        if (rotarySize < 2 || rotarySize % 2 != 0)
            throw new ModelFormatException(
                json.Path, $"{rotarySize} of the {headSize} elements of a head are rotated; it must be an even number above 0.");
        if (scaling is null)
            return (RopeConfig.Of(theta, rotarySize, RopeScaling.None), maxContext);
        var stretch = new RopeConfigReader(json, scaling, maxContext, rotarySize).ReadScaling();

        // Checkpoints that were stretched after their training may still name the old context.
        if (stretch is YarnScaling yarn)
            maxContext = (int)Math.Clamp(yarn.OriginalContext * yarn.Factor, maxContext, MaxContext);
        return (RopeConfig.Of(theta, rotarySize, stretch), maxContext);
    }

    private RopeScaling ReadScaling()
    {
        var field = _scaling.Has("rope_type") ? "rope_type" : "type";
        var type = _scaling.Text(field, "default");
        return ScalingByType.TryGetValue(type, out var read)
            ? read(this)
            : throw _scaling.Wrong(field, $"one of {string.Join(", ", ScalingByType.Keys)}");
    }

    private Llama3Scaling ReadLlama3()
    {
        var low = _scaling.Number("low_freq_factor", 1e-6, MaxFactor);
        var high = _scaling.Number("high_freq_factor", 1e-6, MaxFactor);
        if (high <= low)
            throw _scaling.Wrong("high_freq_factor", FormattableString.Invariant($"above low_freq_factor, which is {low}"));
        return new Llama3Scaling(Factor, low, high, _scaling.Integer("original_max_position_embeddings", 1, MaxContext));
    }

    private YarnScaling ReadYarn()
    {
        var factor = Factor;
        var amplitude = YarnScaling.Magnitude(factor);
        if (_scaling.Has("attention_factor"))
        {
            amplitude = _scaling.Number("attention_factor", 1e-6, MaxFactor);
        }
        else if (IsGiven("mscale") && IsGiven("mscale_all_dim"))
        {
            amplitude = YarnScaling.Magnitude(factor, _scaling.Number("mscale", 0, MaxFactor))
                / YarnScaling.Magnitude(factor, _scaling.Number("mscale_all_dim", 0, MaxFactor));
        }
        return new YarnScaling
        {
            Factor = factor,
            OriginalContext = _scaling.Integer("original_max_position_embeddings", 1, MaxContext, _maxContext),
            BetaFast = _scaling.Number("beta_fast", 1e-6, MaxFactor, 32),
            BetaSlow = _scaling.Number("beta_slow", 1e-6, MaxFactor, 1),
            IsTruncated = _scaling.Boolean("truncate", true),
            AttentionFactor = amplitude,
        };
    }

    // A zero counts as absent.
    private bool IsGiven(string field) => _scaling.Has(field) && _scaling.Number(field, 0, MaxFactor) != 0;

    /// <summary>
    /// The short factors are for contexts up to that of the pre-training, the long ones for longer ones. Which of them a
    /// position is rotated by must not depend on how long the answer will be, so the model's context alone decides.
    /// </summary>
    private FactorScaling ReadLongRope()
    {
        var holder = _scaling.Has("original_max_position_embeddings") ? _scaling : _config;
        var original = holder.Integer("original_max_position_embeddings", 2, MaxContext);
        var isLong = _maxContext > original;
        var factors = PairFactors(isLong ? "long_factor" : "short_factor");
        var stretch = (double)_maxContext / original;
        var amplitude = !isLong ? 1 : Math.Sqrt(1 + (PortableMath.Log(stretch) / PortableMath.Log(original)));
        amplitude = _scaling.Number("attention_factor", 1e-6, MaxFactor, amplitude);
        return new FactorScaling(factors, _scaling.Number(isLong ? "long_mscale" : "short_mscale", 1e-6, MaxFactor, amplitude));
    }

    private IReadOnlyList<double> PairFactors(string field)
    {
        var factors = _scaling.Numbers(field, MinPairFactor, MaxFactor);
        return factors.Count == _rotarySize / 2
            ? factors
            : throw _scaling.Wrong(field, $"an array of {_rotarySize / 2} numbers, one for each pair of rotated elements");
    }
}
