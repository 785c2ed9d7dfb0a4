namespace Llm42.Tokenization.PostProcessors;

/// <summary>Adds special tokens around the ids of a text.</summary>
internal sealed class SpecialTokenTemplate(IReadOnlyList<int[]?> parts)
{
    /// <summary>Applies the template; a null part stands for the text.</summary>
    public List<int> Apply(List<int> ids, bool addSpecialTokens)
    {
        var result = new List<int>(ids.Count + parts.Count);
        foreach (int[]? part in parts)
        {
            if (part is null)
            {
                result.AddRange(ids);
            }
            else if (addSpecialTokens)
            {
                result.AddRange(part);
            }
        }

        return result;
    }
}
