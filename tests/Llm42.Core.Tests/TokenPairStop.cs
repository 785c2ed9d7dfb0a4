using Llm42.Core.Requests;

namespace Llm42.Core.Tests;

/// <summary>Stops when two tokens follow each other: a stop string that may lie across the edge of a window.</summary>
internal sealed class TokenPairStop(int first, int second, int last = -1) : ITextStop
{
    private int _last = last;

    public bool Append(int tokenId)
    {
        bool complete = _last == first && tokenId == second;
        _last = tokenId;
        return complete;
    }

    public ITextStop Fork() => new TokenPairStop(first, second, _last);

    public override string ToString() => $"{first} {second}";
}
