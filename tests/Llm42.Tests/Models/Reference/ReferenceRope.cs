using System.Text.Json.Nodes;

namespace Llm42.Tests.Models.Reference;

/// <summary>Rotary position embeddings as transformers computes them, in double precision.</summary>
internal sealed class ReferenceRope
{
    private readonly double[] _frequencies;
    private readonly double _attentionFactor = 1;

    public ReferenceRope(JsonObject json, int headSize, double defaultTheta)
    {
        var parameters = json["rope_parameters"] as JsonObject ?? json["rope_scaling"] as JsonObject ?? [];
        double? Given(string name) => (double?)parameters[name];

        var theta = Given("rope_theta") ?? (double?)json["rope_theta"] ?? defaultTheta;
        var partial = Given("partial_rotary_factor") ?? (double?)json["partial_rotary_factor"] ?? 1;
        var size = (int)(headSize * partial);
        _frequencies = [.. Enumerable.Range(0, size / 2).Select(i => 1 / Math.Pow(theta, 2.0 * i / size))];
        switch ((string?)parameters["rope_type"] ?? (string?)parameters["type"] ?? "default")
        {
            case "default":
                break;
            case "linear":
                Change(frequency => frequency / Given("factor")!.Value);
                break;
            case "llama3":
                Change(frequency => Llama3(frequency, Given));
                break;
            case "yarn":
                _attentionFactor = YarnAttentionFactor(Given);
                Yarn(
                    size, theta, Given,
                    Given("original_max_position_embeddings") ?? (double)json["max_position_embeddings"]!,
                    (bool?)parameters["truncate"] ?? true);
                break;
            case var type:
                throw new NotSupportedException($"rope type {type}");
        }
    }

    /// <summary>
    /// Rotates the leading elements of a head: i together with i + half. The others stay, as they are and unscaled.
    /// </summary>
    public void Rotate(Span<double> head, int position)
    {
        var half = _frequencies.Length;
        for (var i = 0; i < half; i++)
        {
            var cos = Math.Cos(position * _frequencies[i]) * _attentionFactor;
            var sin = Math.Sin(position * _frequencies[i]) * _attentionFactor;
            var (a, b) = (head[i], head[i + half]);
            head[i] = (a * cos) - (b * sin);
            head[i + half] = (b * cos) + (a * sin);
        }
    }

    private static double Llama3(double frequency, Func<string, double?> given)
    {
        var factor = given("factor")!.Value;
        var low = given("low_freq_factor")!.Value;
        var high = given("high_freq_factor")!.Value;
        var context = given("original_max_position_embeddings")!.Value;
        var wavelength = 2 * Math.PI / frequency;
        if (wavelength < context / high)
            return frequency;
        if (wavelength > context / low)
            return frequency / factor;
        var smooth = ((context / wavelength) - low) / (high - low);
        return ((1 - smooth) * frequency / factor) + (smooth * frequency);
    }

    private static double YarnAttentionFactor(Func<string, double?> given)
    {
        static double MScale(double scale, double weight = 1) => scale <= 1 ? 1 : (0.1 * weight * Math.Log(scale)) + 1;

        if (given("attention_factor") is { } attentionFactor)
            return attentionFactor;
        var factor = given("factor")!.Value;
        // 0 counts as not given.
        return given("mscale") is { } weight && weight != 0 && given("mscale_all_dim") is { } allWeight && allWeight != 0
            ? MScale(factor, weight) / MScale(factor, allWeight)
            : MScale(factor);
    }

    private void Yarn(int size, double theta, Func<string, double?> given, double context, bool truncates)
    {
        double DimensionOf(double rotations) => size * Math.Log(context / (rotations * 2 * Math.PI)) / (2 * Math.Log(theta));

        var fast = given("beta_fast") is { } betaFast && betaFast != 0 ? betaFast : 32;
        var slow = given("beta_slow") is { } betaSlow && betaSlow != 0 ? betaSlow : 1;
        var (low, high) = (DimensionOf(fast), DimensionOf(slow));
        if (truncates)
            (low, high) = (Math.Floor(low), Math.Ceiling(high));
        (low, high) = (Math.Max(low, 0), Math.Min(high, size - 1));
        if (low == high)
            high += 0.001;
        var factor = given("factor")!.Value;
        for (var i = 0; i < _frequencies.Length; i++)
        {
            var ramp = Math.Clamp((i - low) / (high - low), 0, 1);
            _frequencies[i] = (_frequencies[i] / factor * ramp) + (_frequencies[i] * (1 - ramp));
        }
    }

    private void Change(Func<double, double> change)
    {
        for (var i = 0; i < _frequencies.Length; i++)
            _frequencies[i] = change(_frequencies[i]);
    }
}
