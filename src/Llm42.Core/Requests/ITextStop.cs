namespace Llm42.Core.Requests;

/// <summary>
/// Watches the text of an answer for stop strings, token by token. Forked along drafts and dropped when they roll
/// back, so that only committed tokens ever decide.
/// </summary>
public interface ITextStop
{
    /// <summary>Takes the next token; true once a stop string is complete.</summary>
    bool Append(int tokenId);

    /// <summary>An independent copy of the state.</summary>
    ITextStop Fork();
}
