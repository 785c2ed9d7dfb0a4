using System.Text.RegularExpressions;
using System.Xml.Linq;

namespace Llm42.Repository.Tests;

[TestClass]
public sealed partial class LayoutTests
{
    /// <summary>What each project that is shipped may refer to.</summary>
    private static readonly Dictionary<string, string[]> AllowedReferences = new()
    {
        ["Llm42.Core"] = [],
        ["Llm42.Native"] = [],
        ["Llm42.Bindings.Generator"] = [],
        ["Llm42.Runtime.Cpu"] = [],
        ["Llm42.Runtime.Cuda"] = ["Llm42.Runtime.Cpu"],
        ["Llm42"] = ["Llm42.Core", "Llm42.Native", "Llm42.Runtime.Cpu"],
        ["Llm42.Extensions.AI"] = ["Llm42"],
        ["Llm42.Extensions.Hosting"] = ["Llm42"],
        ["Llm42.Server"] = ["Llm42"],
        ["Llm42.Cli"] = ["Llm42", "Llm42.Server"],
    };

    [TestMethod]
    public async Task Solution_holds_every_project_and_nothing_else()
    {
        string solution = RepositoryFiles.Read("Llm42.sln");
        string[] listed = [.. SolutionProject().Matches(solution).Select(match => match.Groups[1].Value.Replace('\\', '/'))];
        CollectionAssert.AreEquivalent((await RepositoryFiles.ProjectsAsync()).ToArray(), listed);
    }

    [TestMethod]
    public async Task Dependencies_point_one_way()
    {
        foreach (string project in await RepositoryFiles.ProjectsAsync())
        {
            if (project.StartsWith("tests/", StringComparison.Ordinal))
                continue;
            string name = Path.GetFileNameWithoutExtension(project);
            Assert.IsTrue(AllowedReferences.TryGetValue(name, out string[]? allowed), $"say here what {project} may refer to.");
            foreach (XElement reference in XDocument.Parse(RepositoryFiles.Read(project)).Descendants("ProjectReference"))
            {
                string target = Path.GetFileNameWithoutExtension(reference.Attribute("Include")!.Value.Replace('\\', '/'));
                CollectionAssert.Contains(allowed, target, $"{name} refers to {target}");
            }
        }
    }

    [TestMethod]
    public async Task Only_the_bindings_are_unsafe_and_call_native_code()
    {
        foreach (string project in await RepositoryFiles.ProjectsAsync())
        {
            // The tests of the bindings call what the bindings call.
            bool mayBe = Path.GetFileNameWithoutExtension(project) is "Llm42.Native" or "Llm42.Native.Tests";
            if (!mayBe)
                Assert.IsFalse(RepositoryFiles.Read(project).Contains("AllowUnsafeBlocks", StringComparison.Ordinal), project);
        }

        foreach (string file in await RepositoryFiles.TextsAsync())
        {
            if (!file.StartsWith("src/", StringComparison.Ordinal) || !file.EndsWith(".cs", StringComparison.Ordinal))
                continue;
            Assert.IsFalse(NativeImport().IsMatch(RepositoryFiles.Read(file)), $"{file} calls native code past Llm42.Native");
        }
    }

    [TestMethod]
    public async Task No_file_names_a_place_on_somebodys_machine_or_the_host_of_a_registry()
    {
        foreach (string file in await RepositoryFiles.TextsAsync())
        {
            Match match = PersonalPlace().Match(RepositoryFiles.Read(file));
            Assert.IsFalse(match.Success, $"{file} holds '{match.Value}'");
        }
    }

    [TestMethod]
    [DataRow("see /ho" + "me/ann/src", true)]
    [DataRow("in /ro" + "ot/.nuget", true)]
    [DataRow("C:" + @"\Users\ann", true)]
    [DataRow("https://" + "api.nuget.org/v3", true)]
    [DataRow("see /usr/include and https://dot.net", false)]
    public void Test_of_places_can_tell_them(string text, bool expected) =>
        // The examples are in pieces so that this file does not hold them itself.
        Assert.AreEqual(expected, PersonalPlace().IsMatch(text));

    [TestMethod]
    public async Task Source_files_hold_one_noun_each()
    {
        foreach (string file in await RepositoryFiles.TextsAsync())
        {
            if (Path.GetExtension(file) is not (".cs" or ".cpp" or ".h") || file.Contains("/Generated/", StringComparison.Ordinal))
                continue;
            int lines = RepositoryFiles.Read(file).Count(character => character == '\n');
            Assert.IsLessThanOrEqualTo(450, lines, $"{file} has {lines} lines; is it still one noun?");
        }
    }

    [GeneratedRegex("\"([^\"]+\\.csproj)\"")]
    private static partial Regex SolutionProject();

    [GeneratedRegex(@"\[(DllImport|LibraryImport)\b")]
    private static partial Regex NativeImport();

    [GeneratedRegex(@"(?<![\w.])/(home|root|work|Users)/[\w.]|[A-Z]:\\Users|https?://[a-z0-9.-]*(debian|nuget|npmjs|pypi)[a-z0-9.-]*")]
    private static partial Regex PersonalPlace();
}
