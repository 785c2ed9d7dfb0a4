using Llm42.ChatTemplates.Evaluation;
using Llm42.ChatTemplates.Values;

namespace Llm42.ChatTemplates.Methods;

/// <summary>The methods of a dictionary; those that would change it are not to be had.</summary>
internal static class DictMethods
{
    private static readonly Signature NoParameters = new("items", "");
    private static readonly Signature GetParameters = new("get", "/key /default?");

    public static Value? Find(DictValue self, string name, Budget budget) => name switch
    {
        "items" => View(self, name, DictViewKind.Items),
        "keys" => View(self, name, DictViewKind.Keys),
        "values" => View(self, name, DictViewKind.Values),
        "copy" => new FunctionValue(name, _ => self),
        "get" => new FunctionValue(name, arguments =>
        {
            Value?[] bound = arguments.Bind(GetParameters);
            return self.TryGet(bound[0]!, out Value value) ? value : bound[1] ?? NoneValue.Instance;
        }),
        "clear" or "pop" or "popitem" or "setdefault" or "update" => UndefinedValue.Unsafe(self, name),
        "fromkeys" => throw new TemplateError("the dictionary method 'fromkeys' is not supported"),
        _ => null,
    };

    private static FunctionValue View(DictValue self, string name, DictViewKind kind) => new(name, arguments =>
    {
        arguments.Bind(NoParameters);
        return new DictViewValue(self, kind);
    });
}
