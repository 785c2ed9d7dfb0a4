namespace Llm42.Core.Requests;

/// <summary>Why an answer ended.</summary>
public enum FinishReason
{
    /// <summary>A stop token or a stop string.</summary>
    Stop,

    /// <summary>The token limit of the request, or the context of the model.</summary>
    Length,

    /// <summary>The caller cancelled.</summary>
    Cancelled,
}
