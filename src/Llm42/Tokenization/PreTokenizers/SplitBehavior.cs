namespace Llm42.Tokenization.PreTokenizers;

/// <summary>What becomes of a delimiter that was found.</summary>
internal enum SplitBehavior
{
    /// <summary>It is dropped.</summary>
    Removed,

    /// <summary>It is a piece of its own.</summary>
    Isolated,

    /// <summary>It ends the piece before it.</summary>
    MergedWithPrevious,

    /// <summary>It begins the piece behind it.</summary>
    MergedWithNext,

    /// <summary>Adjacent delimiters form one piece.</summary>
    Contiguous,
}
