using Llm42.Bindings.Generator.Model;

namespace Llm42.Bindings.Generator.Writing;

/// <summary>Typedefs of int32_t with their values as enums.</summary>
internal static class EnumsWriter
{
    public static string Write(ApiModel model, DocWriter docs)
    {
        CodeText code = BindingsWriter.Begin("Llm42.Native");
        foreach (EnumDeclaration declaration in model.Enums)
        {
            code.Line();
            docs.Write(code, declaration.Doc);
            code.Open($"public enum {Names.Pascal(declaration.Name)}");
            for (int i = 0; i < declaration.Members.Count; ++i)
            {
                EnumMember member = declaration.Members[i];
                if (i > 0)
                {
                    code.Line();
                }

                docs.Write(code, member.Doc);
                code.Line($"{Names.Member(declaration.Name, member.Name)} = {member.Value},");
            }

            code.Close();
        }

        return code.ToString();
    }
}
