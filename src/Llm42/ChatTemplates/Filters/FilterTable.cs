using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Filters;

/// <summary>What is behind a filter's name.</summary>
internal delegate Value FilterBody(Value value, Arguments arguments, Budget budget);

/// <summary>A filter whose arguments are in the places of its parameters; null for one that was left out.</summary>
internal delegate Value BoundFilterBody(Value value, Value?[] arguments, Budget budget);

/// <summary>The filters by name.</summary>
internal static class FilterTable
{
    private static readonly Dictionary<string, FilterBody> Filters = Create();

    /// <summary>Filters of the language that make no sense in a prompt, or whose result would differ from run to run.</summary>
    private static readonly string[] Unsupported =
        ["random", "pprint", "urlize", "xmlattr", "filesizeformat", "striptags", "wordwrap"];

    public static bool Contains(string name) => Filters.ContainsKey(name);

    public static TemplateError Unknown(string name, int? position) => new(
        Unsupported.Contains(name) ? $"the filter '{name}' is not supported" : $"there is no filter '{name}'", position: position);

    public static Value Apply(string name, Value value, Arguments arguments, Budget budget)
    {
        if (!Filters.TryGetValue(name, out FilterBody? body))
            throw Unknown(name, null);
        budget.Read(value);
        return body(value, arguments, budget);
    }

    private static Dictionary<string, FilterBody> Create()
    {
        var filters = new Dictionary<string, FilterBody>();
        TextFilters.AddTo(filters);
        NumberFilters.AddTo(filters);
        SequenceFilters.AddTo(filters);
        SelectionFilters.AddTo(filters);
        OrderFilters.AddTo(filters);
        filters["d"] = filters["default"];
        filters["e"] = filters["escape"];
        filters["count"] = filters["length"];
        return filters;
    }

    /// <summary>Adds a filter with named parameters.</summary>
    public static void Add(this Dictionary<string, FilterBody> filters, string name, string parameters, BoundFilterBody body)
    {
        var signature = new Signature(name, parameters);
        filters.Add(name, (value, arguments, budget) => body(value, arguments.Bind(signature), budget));
    }
}
