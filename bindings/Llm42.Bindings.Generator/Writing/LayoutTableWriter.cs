using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Writing;

/// <summary>The expected struct layouts beside those of the C# compiler, for a test to compare.</summary>
internal static class LayoutTableWriter
{
    public static string Write(ApiModel model, IReadOnlyDictionary<string, StructLayout> layouts)
    {
        CodeText code = BindingsWriter.Begin("Llm42.Native.Tests.Generated");
        code.Line();
        code.Line("/// <summary>A size or an offset in bytes: what C has, and what C# has.</summary>");
        code.Line("internal sealed record StructLayoutFact(string Name, long Expected, long Actual);");
        code.Line();
        code.Line("/// <summary>Sizes and field offsets of every struct of the C ABI.</summary>");
        code.Open("internal static unsafe class StructLayouts");
        code.Line("/// <summary>All facts.</summary>");
        code.Open("public static IEnumerable<StructLayoutFact> All()");
        code.Line("List<StructLayoutFact> facts = [];");
        foreach (StructDeclaration declaration in model.Structs)
        {
            string type = Names.Pascal(declaration.Name);
            StructLayout layout = layouts[declaration.Name];
            code.Open("");
            code.Line($"{type} value = default;");
            code.Line("byte* start = (byte*)&value;");
            code.Line($"facts.Add(new(\"sizeof({declaration.Name})\", {layout.Size}, sizeof({type})));");
            for (int i = 0; i < declaration.Fields.Count; ++i)
            {
                FieldDeclaration field = declaration.Fields[i];
                code.Line(
                    $"facts.Add(new(\"{declaration.Name}.{field.Name}\", {layout.Offsets[i]}, (byte*)&value.{Names.Pascal(field.Name)} - start));");
            }

            code.Close();
        }

        code.Line("return facts;");
        code.Close();
        code.Close();
        return code.ToString();
    }
}
