using Gpu.Training.Models;
using Gpu.Training.Shapes;

namespace Gpu.Tests.Models;

public class InputSizeTests
{
    [Theory]
    [InlineData("28x28", null, "28x28", null)] // Images of one size that is small stay as they are.
    [InlineData("64x48", "cnn2", "64x48", null)]
    [InlineData("100x100", "cnn2", "28x28", null)] // Others get the published input.
    [InlineData("100x100", "mlp64x2", "28x28", null)]
    [InlineData("20x20,30x30", "vgg_small", "32x32", null)]
    [InlineData("128x200", "resnet20", "128x200", null)] // Global pooling takes larger ones.
    [InlineData("300x300", "resnet20", "128x128", null)]
    [InlineData("120x160,200x150,96x96", "resnet20", "96x96", null)] // The median of 120, 150 and 96 is 120.
    [InlineData("20x20,25x25", "resnet20", "32x32", null)]
    [InlineData("120x160,200x150,96x96", null, "96x96", "resnet20")]
    [InlineData("49x49", null, "49x49", "resnet20")]
    [InlineData("48x48", null, "48x48", null)]
    [InlineData("50x60,51x60", null, "32x32", "resnet20")]
    [InlineData("30x60,31x60", null, "32x32", null)]
    public void FollowsTheModelAndTheImages(string sizes, string? model, string expected, string? standard)
    {
        var input = InputSize.ForBuiltIn(model, [.. sizes.Split(',').Select(Parse)]);
        Assert.Equal(Parse(expected), (input.Height, input.Width));
        Assert.Equal(standard, input.DefaultModel);
        Assert.NotEmpty(input.Reason);
    }

    [Fact]
    public void AModelThatDoesNotAdaptHasItsOwn()
    {
        var image = BuiltInModels.Create("cnn2", TensorShape.Image(40, 30, 3), 5);
        var input = InputSize.ForModel(image, [(100, 100)])!;
        Assert.Equal((40, 30, 3), (input.Height, input.Width, input.Channels));

        // 768 numbers are 16x48 gray, or 16x16 RGB.
        var flat = BuiltInModels.Create("mlp64x2", TensorShape.Features(768), 5);
        Assert.Equal((16, 48, 1), Sizes(InputSize.ForModel(flat, [(16, 48)])));
        Assert.Equal((16, 16, 3), Sizes(InputSize.ForModel(flat, [(16, 16)])));
        Assert.Equal((16, 16, 3), Sizes(InputSize.ForModel(flat, [(16, 48), (90, 90)])));
        Assert.Equal((28, 28, 1), Sizes(InputSize.ForModel(BuiltInModels.Get("mlp64x2"), [(300, 200)])));
        Assert.Null(InputSize.ForModel(BuiltInModels.Create("mlp64x2", TensorShape.Features(7), 5), [(16, 48)]));

        static (int, int, int?) Sizes(InputSize? input) => (input!.Height, input.Width, input.Channels);
    }

    private static (int, int) Parse(string size) => (int.Parse(size.Split('x')[0]), int.Parse(size.Split('x')[1]));
}
