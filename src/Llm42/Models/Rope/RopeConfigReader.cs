namespace Llm42.Models.Rope;

/// <summary>Reads the RoPE fields of config.json, in the spellings of old and new checkpoints.</summary>
internal static class RopeConfigReader
{
    private const double MaxTheta = 1e12;
    private const double MaxFactor = 1e6;
    private const int MaxContext = 1 << 24;

    private static readonly Dictionary<string, Func<JsonObjectReader, RopeScaling>> ScalingByType =
        new(StringComparer.Ordinal)
        {
            ["default"] = _ => RopeScaling.None,
            ["linear"] = json => new RopeScaling(RopeScalingKind.Linear, json.Number("factor", 1, MaxFactor)),
            ["llama3"] = ReadLlama3,
        };

    public static RopeConfig Read(JsonObjectReader json, int headSize)
    {
        // "rope_parameters" gathers what used to be "rope_theta" and "rope_scaling".
        var gathered = json.Has("rope_parameters") ? json.Object("rope_parameters") : null;
        var scaling = gathered ?? (json.Has("rope_scaling") ? json.Object("rope_scaling") : null);
        var thetaHolder = gathered?.Has("rope_theta") == true ? gathered : json;
        var theta = thetaHolder.Number("rope_theta", 1, MaxTheta, 10000);

        var holder = gathered?.Has("partial_rotary_factor") == true ? gathered : json;
        var rotarySize = (int)(headSize * holder.Number("partial_rotary_factor", 0, 1, 1));
        if (rotarySize < 2 || rotarySize % 2 != 0)
            throw new ModelFormatException(
                json.Path, $"{rotarySize} of the {headSize} elements of a head are rotated; it must be an even number above 0.");
        return new RopeConfig(theta, rotarySize, scaling is null ? RopeScaling.None : ReadScaling(scaling));
    }

    private static RopeScaling ReadScaling(JsonObjectReader json)
    {
        var field = json.Has("rope_type") ? "rope_type" : "type";
        var type = json.Text(field, "default");
        return ScalingByType.TryGetValue(type, out var read)
            ? read(json)
            : throw json.Wrong(field, $"one of {string.Join(", ", ScalingByType.Keys)}");
    }

    private static RopeScaling ReadLlama3(JsonObjectReader json)
    {
        var low = json.Number("low_freq_factor", 1e-6, MaxFactor);
        var high = json.Number("high_freq_factor", 1e-6, MaxFactor);
        if (high <= low)
            throw json.Wrong("high_freq_factor", FormattableString.Invariant($"above low_freq_factor, which is {low}"));
        return new RopeScaling(
            RopeScalingKind.Llama3,
            json.Number("factor", 1, MaxFactor),
            low,
            high,
            json.Integer("original_max_position_embeddings", 1, MaxContext));
    }
}
