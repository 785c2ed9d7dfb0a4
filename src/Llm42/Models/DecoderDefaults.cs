namespace Llm42.Models;

/// <summary>What fields mean that a config.json leaves out: the defaults of the architecture in transformers.</summary>
internal sealed record DecoderDefaults
{
    /// <summary>num_key_value_heads; null for as many as there are query heads.</summary>
    public int? KvHeads { get; init; }

    /// <summary>head_dim; null for hidden_size / num_attention_heads.</summary>
    public int? HeadSize { get; init; }

    /// <summary>rms_norm_eps.</summary>
    public double RmsNormEpsilon { get; init; } = 1e-6;

    /// <summary>rope_theta.</summary>
    public double RopeTheta { get; init; } = 10000;
}
