namespace Llm42.Gguf;

/// <summary>Kinds of tokens, by their numbers in tokenizer.ggml.token_type.</summary>
internal enum GgufTokenType
{
    /// <summary>Of a file that does not say.</summary>
    Undefined = 0,

    /// <summary>Part of the text.</summary>
    Normal = 1,

    /// <summary>Stands for what has no token.</summary>
    Unknown = 2,

    /// <summary>Stands for no text.</summary>
    Control = 3,

    /// <summary>Part of the text, never split or merged.</summary>
    UserDefined = 4,

    /// <summary>An id without a token.</summary>
    Unused = 5,

    /// <summary>A single byte: "&lt;0x0A&gt;".</summary>
    Byte = 6,
}
