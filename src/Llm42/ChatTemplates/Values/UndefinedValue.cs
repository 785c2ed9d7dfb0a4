namespace Llm42.ChatTemplates.Values;

/// <summary>
/// What a name, attribute or element that does not exist evaluates to: it is printed as nothing, is false and empty, and
/// any other use of it is an error that says what does not exist.
/// </summary>
internal sealed class UndefinedValue(string problem) : Value
{
    public string Problem => problem;

    public override string TypeName => "Undefined";

    public override bool IsTrue => false;

    public static UndefinedValue OfName(string name) => new($"'{name}' is undefined");

    public static UndefinedValue OfAttribute(Value owner, string name) => new($"'{OwnerName(owner)}' has no attribute '{name}'");

    public static UndefinedValue OfElement(Value owner, string element) => new($"{OwnerName(owner)} has no element {element}");

    /// <summary>A method that would change its object: templates may not.</summary>
    public static UndefinedValue Unsafe(Value owner, string name) =>
        new($"access to attribute '{name}' of '{owner.TypeName}' object is unsafe");

    public TemplateError Error() => new(problem);

    private static string OwnerName(Value owner) => owner is NoneValue ? "None" : owner.TypeName + " object";
}
