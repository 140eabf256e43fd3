"""How clients reach the embedded AWS: by signed HTTP, or from this process directly."""
