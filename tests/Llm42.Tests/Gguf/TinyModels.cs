namespace Llm42.Tests.Gguf;

/// <summary>Models with just enough metadata to be opened.</summary>
internal static class TinyModels
{
    /// <summary>The config of a Llama, and of its weights the embedding alone.</summary>
    public static GgufBytes Llama() => new GgufBytes()
        .Add("general.architecture", "llama")
        .Add("llama.context_length", 64u).Add("llama.embedding_length", 4u).Add("llama.block_count", 1u)
        .Add("llama.feed_forward_length", 4u).Add("llama.attention.head_count", 1u)
        .Add("llama.attention.layer_norm_rms_epsilon", 1e-5f)
        .Add("token_embd.weight", [2, 4], GgufBytes.F32, new byte[32]);
}
