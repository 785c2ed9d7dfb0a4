using System.Runtime.CompilerServices;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Evaluation;

/// <summary>What one rendering has used so far of what a template may use, and where it is.</summary>
internal sealed class Budget
{
    /// <summary>Looking through so many characters counts as a step.</summary>
    private const int CharactersPerStep = 64;

    private const int ElementSize = 16;
    private const int EntrySize = 96;
    private const int ObjectSize = 40;

    /// <summary>Operators of one strength nest to the left without brackets, and so deeper than the text looks.</summary>
    private const int NestingPerLevel = 10;

    private long _steps;
    private long _allocation;
    private int _nesting;
    private int _calls;

    public Budget(ChatTemplateLimits limits)
    {
        Limits = limits;
        Comparer = new ValueComparer(this);
    }

    public ChatTemplateLimits Limits { get; }

    /// <summary>Compares keys at this rendering's cost.</summary>
    public ValueComparer Comparer { get; }

    /// <summary>The index into the template of what is evaluated.</summary>
    public int Position { get; set; }

    public void Step(long steps = 1)
    {
        if ((_steps += steps) > Limits.MaximumSteps)
            throw new TemplateError($"the template takes more than {Limits.MaximumSteps} steps, which is the limit");
    }

    /// <summary>Counts that a value is looked through once.</summary>
    public void Read(Value value)
    {
        if (value is StringValue text)
            Step(text.Text.Length / CharactersPerStep);
    }

    /// <summary>Counts a text before it is made.</summary>
    public void AllocateText(long length)
    {
        if (length > Limits.MaximumValueLength)
            throw new TemplateError($"a text of {length} characters is made; {Limits.MaximumValueLength} is the limit");
        Step(length / CharactersPerStep);
        Allocate(ObjectSize + (length * sizeof(char)));
    }

    /// <summary>Counts a list before or while it is made.</summary>
    public void AllocateElements(long count)
    {
        CheckLength(count);
        Step(count / 4);
        Allocate(ObjectSize + (count * ElementSize));
    }

    /// <summary>Counts an entry of a dictionary.</summary>
    public void AllocateEntry() => Allocate(EntrySize);

    /// <summary>Refuses a list that grew too long.</summary>
    public void CheckLength(long count)
    {
        if (count > Limits.MaximumValueLength)
            throw new TemplateError($"a list of {count} elements is made; {Limits.MaximumValueLength} is the limit");
    }

    /// <summary>Refuses values that are nested too deep.</summary>
    public int CheckValueDepth(int depth) => depth <= Limits.MaximumNesting
        ? depth
        : throw new TemplateError($"values are nested deeper than {Limits.MaximumNesting}, which is the limit");

    /// <summary>A macro's or a recursive loop's body begins.</summary>
    public void EnterCall()
    {
        if (++_calls > Limits.MaximumNesting)
            throw new TemplateError($"macros and recursive loops are nested deeper than {Limits.MaximumNesting}, which is the limit");
    }

    public void LeaveCall() => _calls--;

    /// <summary>An expression or a body within another begins.</summary>
    public void Enter()
    {
        if (++_nesting > Limits.MaximumNesting * NestingPerLevel || !RuntimeHelpers.TryEnsureSufficientExecutionStack())
            throw new TemplateError($"the template's evaluation is nested {_nesting} deep, which is too deep");
    }

    public void Leave() => _nesting--;

    private void Allocate(long bytes)
    {
        if ((_allocation += bytes) > Limits.MaximumAllocation)
            throw new TemplateError($"the template's values take more than {Limits.MaximumAllocation} bytes, which is the limit");
    }
}
