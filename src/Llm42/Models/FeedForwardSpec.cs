namespace Llm42.Models;

/// <summary>The weights of the feed-forward part of a layer.</summary>
internal abstract record FeedForwardSpec
{
    /// <summary>Every tensor of it.</summary>
    public abstract IEnumerable<TensorSpec> Tensors { get; }
}
