namespace Llm42.Tokenization.Bpe;

/// <summary>What one thread needs to encode words.</summary>
internal sealed class BpeScratch
{
    public Word Word { get; } = new();

    public WordCache Cache { get; } = new();
}
