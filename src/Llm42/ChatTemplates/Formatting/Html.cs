using System.Text;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Formatting;

/// <summary>Escapes of HTML's special characters.</summary>
internal static class Html
{
    public static string Escape(string text, Budget budget)
    {
        int first = text.AsSpan().IndexOfAny("&<>'\"");
        if (first < 0)
            return text;
        budget.AllocateText((long)text.Length * 5);
        var escaped = new StringBuilder(text.Length + 16).Append(text, 0, first);
        foreach (char c in text.AsSpan(first))
        {
            _ = c switch
            {
                '&' => escaped.Append("&amp;"),
                '<' => escaped.Append("&lt;"),
                '>' => escaped.Append("&gt;"),
                '\'' => escaped.Append("&#39;"),
                '"' => escaped.Append("&#34;"),
                _ => escaped.Append(c),
            };
        }

        return escaped.ToString();
    }

    public static string EscapeUnlessMarkup(StringValue text, Budget budget) => text.IsMarkup ? text.Text : Escape(text.Text, budget);
}
