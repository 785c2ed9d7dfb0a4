using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Writing;

/// <summary>The expected struct layouts as assertions for the native compiler.</summary>
internal static class LayoutChecksWriter
{
    public static string Write(ApiModel model, IReadOnlyDictionary<string, StructLayout> layouts)
    {
        CodeText code = new();
        code.Line($"/* {GeneratedFile.Notice} */");
        code.Line("#include <stddef.h>");
        code.Line();
        code.Line("#include \"llm42/llm42.h\"");
        code.Line();
        code.Line("_Static_assert(sizeof(void*) == 8, \"llm42 supports 64-bit platforms only\");");
        foreach (StructDeclaration declaration in model.Structs)
        {
            StructLayout layout = layouts[declaration.Name];
            code.Line();
            code.Line(Assert($"sizeof({declaration.Name})", layout.Size));
            for (int i = 0; i < declaration.Fields.Count; ++i)
            {
                code.Line(Assert($"offsetof({declaration.Name}, {declaration.Fields[i].Name})", layout.Offsets[i]));
            }
        }

        return code.ToString();
    }

    private static string Assert(string expression, int value) =>
        $"_Static_assert({expression} == {value}, \"the C# bindings expect {expression} == {value}\");";
}
