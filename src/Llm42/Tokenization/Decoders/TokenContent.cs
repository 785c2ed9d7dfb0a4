namespace Llm42.Tokenization.Decoders;

/// <summary>What a token stands for behind other tokens, on its way through the stages.</summary>
/// <param name="Text">Its characters, as long as it has no bytes.</param>
/// <param name="Bytes">Its bytes, which may be a part of a character; null until a stage makes them.</param>
/// <param name="IsFused">A stage has joined all tokens: what later ones do to the ends of a token is for the whole text's.</param>
internal readonly record struct TokenContent(string Text, byte[]? Bytes = null, bool IsFused = false);
