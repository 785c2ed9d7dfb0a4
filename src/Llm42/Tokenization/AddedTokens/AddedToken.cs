namespace Llm42.Tokenization.AddedTokens;

/// <summary>A token that is found in the text before the model runs.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Content">Its text.</param>
/// <param name="IsSpecial">Whether decoding can leave it out.</param>
/// <param name="IsNormalized">Whether it is looked for in the normalized text rather than in the text as given.</param>
/// <param name="StripsLeft">Whether it takes the white space before it.</param>
/// <param name="StripsRight">Whether it takes the white space behind it.</param>
/// <param name="IsSingleWord">Whether it counts only where no word character touches it.</param>
internal sealed record AddedToken(
    int Id, string Content, bool IsSpecial, bool IsNormalized, bool StripsLeft, bool StripsRight, bool IsSingleWord);
