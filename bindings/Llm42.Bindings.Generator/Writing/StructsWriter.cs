using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Writing;

/// <summary>Structs with the layout of C.</summary>
internal static class StructsWriter
{
    public static string Write(ApiModel model, DocWriter docs)
    {
        CodeText code = BindingsWriter.Begin(
            "Llm42.Native", "System.Runtime.CompilerServices", "System.Runtime.InteropServices");
        foreach (StructDeclaration declaration in model.Structs)
        {
            code.Line();
            docs.Write(code, declaration.Doc);
            code.Line("[StructLayout(LayoutKind.Sequential)]");
            code.Open($"public unsafe struct {Names.Pascal(declaration.Name)}");
            for (int i = 0; i < declaration.Fields.Count; ++i)
            {
                FieldDeclaration field = declaration.Fields[i];
                if (i > 0)
                {
                    code.Line();
                }

                docs.Write(code, field.Doc);
                code.Line($"public {CSharpTypes.Spell(field.Type)} {Names.Pascal(field.Name)};");
            }

            code.Close();
        }

        foreach (NativeType array in model.Structs
            .SelectMany(declaration => declaration.Fields)
            .Select(field => field.Type)
            .Where(type => type.ArrayLength > 0)
            .DistinctBy(CSharpTypes.ArrayName)
            .OrderBy(type => type.ArrayLength))
        {
            code.Line();
            code.Line($"/// <summary>A C array of {array.ArrayLength} elements.</summary>");
            code.Line($"[InlineArray({array.ArrayLength})]");
            code.Open($"public struct {CSharpTypes.ArrayName(array)}");
            code.Line($"private {CSharpTypes.Spell(array with { ArrayLength = 0 })} _first;");
            code.Close();
        }

        return code.ToString();
    }
}
