using System.Globalization;
using System.Text;
using Llm42.ChatTemplates.Evaluation;

namespace Llm42.ChatTemplates.Formatting;

/// <summary>Percent-encoding of URLs.</summary>
internal static class UrlText
{
    /// <summary>Encodes a text.</summary>
    /// <param name="text">The text.</param>
    /// <param name="isQuery">Whether it is part of a query, where a slash is encoded too and a blank is a plus.</param>
    /// <param name="budget">What the rendering may use.</param>
    public static string Quote(string text, bool isQuery, Budget budget)
    {
        budget.AllocateText(text.Length * 9L);
        var quoted = new StringBuilder();
        foreach (byte value in Encoding.UTF8.GetBytes(text))
        {
            if (char.IsAsciiLetterOrDigit((char)value) || value is (byte)'_' or (byte)'.' or (byte)'-' or (byte)'~' || (value == '/' && !isQuery))
                quoted.Append((char)value);
            else if (value == ' ' && isQuery)
                quoted.Append('+');
            else
                quoted.Append(CultureInfo.InvariantCulture, $"%{value:X2}");
        }

        return quoted.ToString();
    }
}
