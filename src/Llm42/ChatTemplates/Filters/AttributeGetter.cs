using System.Numerics;
using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Formatting;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Filters;

/// <summary>What a filter's attribute argument picks out of an element: "a", "a.b", "a.0", 0, or nothing for the element itself.</summary>
internal sealed class AttributeGetter
{
    private readonly Value[] _path;
    private readonly Value? _default;
    private readonly bool _ignoresCase;
    private readonly Budget _budget;

    public AttributeGetter(Value? attribute, Budget budget, bool ignoresCase = false, Value? @default = null)
    {
        _path = Path(attribute);
        _budget = budget;
        _ignoresCase = ignoresCase;
        _default = @default is NoneValue ? null : @default;
    }

    /// <summary>One getter for each attribute between commas: what sort() sorts by.</summary>
    public static AttributeGetter[] Several(Value? attribute, Budget budget, bool ignoresCase) => attribute is StringValue text
        ? [.. text.Text.Split(',').Select(part => new AttributeGetter(new StringValue(part), budget, ignoresCase))]
        : [new AttributeGetter(attribute, budget, ignoresCase)];

    public Value Get(Value element)
    {
        foreach (Value part in _path)
        {
            element = Attributes.GetElement(element, part, _budget);
            if (_default is not null && element is UndefinedValue)
                element = _default;
        }

        return _ignoresCase && element is StringValue text ? new StringValue(LetterCase.Lower(text.Text)) : element;
    }

    private static Value[] Path(Value? attribute) => attribute switch
    {
        null or NoneValue => [],
        StringValue text => [.. text.Text.Split('.').Select(Part)],
        _ => [attribute],
    };

    private static Value Part(string part) => part.Length is > 0 and < 10 && part.All(char.IsAsciiDigit)
        ? IntegerValue.Of(BigInteger.Parse(part, System.Globalization.CultureInfo.InvariantCulture))
        : new StringValue(part);
}
