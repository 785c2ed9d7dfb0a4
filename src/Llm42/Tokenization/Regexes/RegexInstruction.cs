using Llm42.Tokenization.Unicode;

namespace Llm42.Tokenization.Regexes;

/// <summary>What an instruction of a compiled pattern does.</summary>
internal enum RegexOperation
{
    /// <summary>The pattern, or the body of an assertion, has matched.</summary>
    Match,

    /// <summary>Consume one code point of the set.</summary>
    Set,

    /// <summary>Consume Minimum to Maximum code points of the set, as many as possible, giving back on failure.</summary>
    Loop,

    /// <summary>As Loop, but nothing is given back.</summary>
    AtomicLoop,

    /// <summary>Go on with the next instruction; on failure resume at Target.</summary>
    Split,

    /// <summary>Go on at Target; on failure resume with the next instruction.</summary>
    SplitLazy,

    /// <summary>Go on at Target.</summary>
    Jump,

    /// <summary>Run the body that follows; go on at Target, from the same place, if it matched.</summary>
    LookAhead,

    /// <summary>Run the body that follows; go on at Target, from the same place, if it did not match.</summary>
    NegativeLookAhead,

    /// <summary>Run the body that follows; go on at Target, behind its match.</summary>
    Atomic,

    /// <summary>The code point before must be in the set.</summary>
    Follows,

    /// <summary>The code point before must not be in the set, or there is none.</summary>
    NotFollows,

    /// <summary>Run the body that follows from Minimum code points back; go on at Target, from the same place, if it matched.</summary>
    LookBehind,

    /// <summary>Run the body that follows from Minimum code points back; go on at Target, from the same place, if it did not match.</summary>
    NegativeLookBehind,

    /// <summary>The place must satisfy the anchor.</summary>
    Anchor,
}

/// <summary>One instruction; which fields count depends on the operation.</summary>
internal struct RegexInstruction
{
    public RegexOperation Operation;
    public int Target;
    public int Minimum;
    public int Maximum;
    public AnchorKind Anchor;
    public CodePointSet? CodePoints;

    /// <summary>For Split: what the branch can start with, so that a hopeless branch is not entered.</summary>
    public FirstCharacters First;
}
