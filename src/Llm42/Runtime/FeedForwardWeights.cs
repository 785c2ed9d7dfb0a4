namespace Llm42.Runtime;

/// <summary>The feed-forward part of a layer on the device.</summary>
internal abstract record FeedForwardWeights;
